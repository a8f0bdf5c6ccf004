package export

import (
	"errors"
	"io"
	"io/fs"
)

// DefaultLimit is how large a record may be. An honest one has some kilobytes.
const DefaultLimit = 16 << 20

// Source is a file to read. Open is called when its turn has come, and the
// answer is closed as soon as it has been read.
type Source struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Record is one record of an export, or what is wrong with one.
type Record struct {
	// Index counts records from 0 across all files, those that cannot be read, too.
	Index int64
	// File is the name of the source and Line the line it begins on, counted from 1
	// in the text after decompression.
	File string
	Line int64
	// Raw is the record itself: a JSON object (see Options.Trusting). It is valid until
	// the next call.
	Raw []byte
	// Err says what is wrong with a record that cannot be read; Raw is nil then.
	Err error
}

// FileError says that a file could not be read, or not to its end. It is no
// record's error: what is in the rest of the file is not known.
type FileError struct {
	File string
	Err  error
}

func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// malformed is the error of one record; the rest of the file goes on behind it.
type malformed struct {
	line int64
	what string
}

func (e *malformed) Error() string { return e.what }

// Options are how a Reader reads.
type Options struct {
	// Limit is how large a record may be; zero means DefaultLimit.
	Limit int
	// Trusting says that the caller checks each record itself. In a file of lines that
	// are alike a record is then taken for what its line looks like. One that turns out
	// to be none is looked at closely by Recheck.
	Trusting bool
}

// records is one file's records. next returns a record, a *malformed, io.EOF at
// the end, or any other error when the file cannot be read on.
type records interface {
	next() (raw []byte, line int64, err error)
	// recheck goes back to the record last given, if it was not looked at closely.
	recheck() bool
}

// Reader reads the records of several files in turn.
type Reader struct {
	sources []Source
	options Options
	index   int64
	open    records
	closer  io.Closer
	name    string
}

// NewReader reads the sources in their order.
func NewReader(sources []Source, o Options) *Reader {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	return &Reader{sources: sources, options: o}
}

// Next returns the next record. The error is io.EOF after the last record of the
// last file, or a *FileError, after which Next goes on with the next file.
func (r *Reader) Next() (Record, error) {
	for {
		if r.open == nil {
			if len(r.sources) == 0 {
				return Record{}, io.EOF
			}
			if err := r.begin(); err != nil {
				if err = r.end(err); err != nil {
					return Record{}, err
				}
				continue
			}
		}
		raw, line, err := r.open.next()
		if err == nil {
			return r.record(Record{Line: line, Raw: raw}), nil
		}
		var bad *malformed
		if errors.As(err, &bad) {
			return r.record(Record{Line: bad.line, Err: bad}), nil
		}
		if err = r.end(err); err != nil {
			return Record{}, err
		}
	}
}

// Recheck takes back the record that Next gave last, which the caller cannot read:
// if it was not looked at closely, Next gives what really stands there. It is false
// when there is nothing more to find.
func (r *Reader) Recheck() bool {
	if r.open == nil || !r.open.recheck() {
		return false
	}
	r.index--
	return true
}

// Close closes the file that is being read. Whoever reads to the end need not.
func (r *Reader) Close() error {
	r.sources, r.open = nil, nil
	if r.closer == nil {
		return nil
	}
	closer := r.closer
	r.closer = nil
	return closer.Close()
}

func (r *Reader) record(out Record) Record {
	out.File, out.Index = r.name, r.index
	r.index++
	return out
}

// begin opens the next file.
func (r *Reader) begin() error {
	next := r.sources[0]
	r.sources, r.name = r.sources[1:], next.Name
	in, err := next.Open()
	if err != nil {
		return err
	}
	r.closer = in
	r.open, err = recordsOf(in, r.options)
	return err
}

// end closes the file and turns what ended it into words; nil when it was read
// whole.
func (r *Reader) end(err error) error {
	if r.closer != nil {
		if bad := r.closer.Close(); err == io.EOF && bad != nil { //nolint:errorlint // our own next returns it bare
			err = bad
		}
	}
	r.open, r.closer = nil, nil
	if err == io.EOF { //nolint:errorlint // as above
		return nil
	}
	return &FileError{File: r.name, Err: plainly(err)}
}

// plainly drops the name of the file and of the system call, which stand beside
// the error anyway.
func plainly(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
