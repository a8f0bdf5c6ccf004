package directory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// maxFile is the largest file read, in bytes; some 500,000 rows.
const maxFile = 64 << 20

// Columns are the columns of the file, in the order WriteCSV uses.
func Columns() []string {
	return []string{"person", "name", "belonging", "department", "manager", "account", "contact_kind", "contact", "recorded", "inside"}
}

// ParseCSV reads people from a file as the package comment describes it. The
// people come sorted by id, without a tenant: the caller knows whose file it
// is. Problems come in the order of the lines; each says what became of its
// row. The error is for a file that cannot be read as a whole: it is empty, too
// large, not UTF-8, or has no usable header; nothing is returned with it. Dates
// after now are refused.
func ParseCSV(r io.Reader, now time.Time) ([]holds.Person, []Problem, error) {
	all, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, holds.Because(holds.Unavailable, err, "The file of people could not be read to its end.")
	}
	if len(all) > maxFile {
		return nil, nil, holds.Refuse(holds.Invalid, "The file of people is larger than %d MiB; split it.", maxFile>>20)
	}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(all, []byte("\ufeff"))))
	lines.Buffer(nil, maxFile+1)
	var p *parser
	var header []string
	var comma rune
	for n := 1; lines.Scan(); n++ {
		text := lines.Text() // without its line end, "\n" or "\r\n"
		switch {
		case strings.TrimSpace(text) == "":
		case header == nil:
			if header, comma, err = readHeader(text); err != nil {
				return nil, nil, err
			}
			p = newParser(now)
		default:
			p.line(n, text, header, comma)
		}
	}
	if header == nil {
		return nil, nil, holds.Refuse(holds.Invalid, "The file of people is empty. Its first line must name the columns: %s.", strings.Join(Columns(), ","))
	}
	people, problems := p.finish()
	return people, problems, nil
}

// line takes one line. Every line is read by itself, so that a quote left open
// spoils its own row and not the rest of the file.
func (p *parser) line(n int, text string, header []string, comma rune) {
	record, err := split(text, comma)
	switch {
	case !utf8.ValidString(text):
		p.report(n, "", "it is not UTF-8; save the sheet as \"CSV UTF-8\"; the row is left out")
	case err != nil:
		p.report(n, "", "its quotes do not match; put a whole field in quotes, double the quotes inside it, and keep it on one line; the row is left out")
	default:
		p.row(row{line: n, header: header, record: record})
	}
}

// split reads the fields of one line.
func split(text string, comma rune) ([]string, error) {
	fields := csv.NewReader(strings.NewReader(text))
	fields.Comma = comma
	fields.FieldsPerRecord = -1
	fields.TrimLeadingSpace = true
	record, err := fields.Read()
	if err == nil && fields.InputOffset() < int64(len(text)) {
		return nil, errors.New("a line break inside a line") // a lone CR, say
	}
	return record, err
}

// readHeader finds the columns, in any order and case, and what separates them:
// some spreadsheets write semicolons.
func readHeader(text string) ([]string, rune, error) {
	want := strings.Join(Columns(), ",")
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, 0, holds.Refuse(holds.Invalid, "The file of people is not UTF-8 text. Save the sheet as \"CSV UTF-8\".")
	}
	comma := ','
	if strings.ContainsRune(text, ';') && !strings.ContainsRune(text, ',') {
		comma = ';'
	}
	header, err := split(text, comma)
	if err != nil {
		return nil, 0, holds.Because(holds.Invalid, err, "The first line of the file of people cannot be read. It must name the columns: %s.", want)
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "": // an empty column, as spreadsheets leave at the end
		case !slices.Contains(Columns(), name):
			return nil, 0, holds.Refuse(holds.Invalid, "The file of people has a column %q that is not known. The columns are: %s.", clip(name), want)
		case slices.Contains(header[:i], name):
			return nil, 0, holds.Refuse(holds.Invalid, "The file of people names the column %q twice.", name)
		}
		header[i] = name
	}
	for _, name := range Columns() {
		if !slices.Contains(header, name) {
			return nil, 0, holds.Refuse(holds.Invalid, "The file of people has no column %q. The columns, separated by commas, are: %s.", name, want)
		}
	}
	return header, comma, nil
}

// clip shortens a foreign word for an error text.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + hidden
	}
	return s
}
