package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// glance is how much of a file is looked at to tell what it is.
const glance = 64 << 10

// recordsOf tells by its first bytes what a file is.
func recordsOf(in io.Reader, o Options) (records, error) {
	b := bufio.NewReaderSize(&steady{in: in}, glance)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(b)
		if err == io.EOF { //nolint:errorlint // readers return it bare
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, cut(err)
		}
		b = bufio.NewReaderSize(&steady{in: zipped{unzipped}}, glance)
	}
	b, err := decoded(b)
	if err != nil {
		return nil, err
	}
	head, err := b.Peek(glance)
	if len(head) == 0 && err != nil {
		return nil, err
	}
	if what := foreign(head); what != "" {
		return nil, fmt.Errorf("this is %s; unpack or convert it to JSON first", what)
	}
	if sep, table, err := isTable(head); err != nil {
		return nil, err
	} else if table {
		return newTable(b, sep, o.Limit)
	}
	return newStream(b, o), nil
}

// steady gives the same error again and again, so that one which came while the
// beginning was looked at is not forgotten behind it.
type steady struct {
	in  io.Reader
	err error
}

func (s *steady) Read(p []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.in.Read(p)
	}
	return n, s.err
}

// zipped gives the errors of decompression words.
type zipped struct{ in *gzip.Reader }

func (z zipped) Read(p []byte) (int, error) {
	n, err := z.in.Read(p)
	return n, cut(err)
}

func cut(err error) error {
	switch {
	case err == nil || err == io.EOF: //nolint:errorlint // readers return it bare
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the compressed file ends too early; it may have been cut off")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("the compressed file is damaged: %w", err)
	}
	return err
}

// decoded drops a byte order mark and turns UTF-16, as PowerShell writes it, into
// UTF-8.
func decoded(b *bufio.Reader) (*bufio.Reader, error) {
	head, err := b.Peek(3)
	if len(head) == 0 && err != nil {
		return nil, err
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, err = b.Discard(3)
		return b, err
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case len(head) > 1 && head[0] != 0 && head[1] == 0:
		return bufio.NewReaderSize(&wide{in: b, order: binary.LittleEndian}, glance), nil
	case len(head) > 1 && head[0] == 0 && head[1] != 0:
		return bufio.NewReaderSize(&wide{in: b, order: binary.BigEndian}, glance), nil
	default:
		return b, nil
	}
	_, err = b.Discard(2)
	return bufio.NewReaderSize(&wide{in: b, order: order}, glance), err
}

// foreign names what a file is that is not a text at all.
func foreign(head []byte) string {
	for _, f := range []struct{ magic, name string }{
		{"PK\x03\x04", "a zip archive (or a workbook)"},
		{"PAR1", "a Parquet file"},
		{"Obj\x01", "an Avro file"},
		{"\x28\xb5\x2f\xfd", "compressed with zstd"},
		{"\xfd7zXZ\x00", "compressed with xz"},
		{"BZh", "compressed with bzip2"},
		{"\x1f\x8b", "compressed twice"},
		{"SQLite format 3\x00", "a database"},
		{"%PDF-", "a PDF document"},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.name
		}
	}
	start := bytes.TrimLeft(head[:min(len(head), 4096)], " \r\n\t")
	if bytes.IndexByte(start, 0) >= 0 && !opens(start[0]) {
		return "not a text"
	}
	return ""
}
