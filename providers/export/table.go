package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// auditColumn is the column of a table that holds records: as Purview and
// Search-UnifiedAuditLog write it
// (https://learn.microsoft.com/en-us/purview/audit-log-export-records).
const auditColumn = "auditdata"

// isTable tells whether a text begins like a CSV table with records in it, and
// what separates its columns. A table without is refused, since nothing of it can
// be read. Lines before the header that PowerShell (#TYPE) and Excel (sep=) write
// are passed.
func isTable(head []byte) (sep rune, yes bool, err error) {
	head = bytes.TrimLeft(preamble(head), " \r\n\t")
	if len(head) == 0 || opens(head[0]) {
		return 0, false, nil
	}
	for _, sep := range ",;\t" {
		first, second := topRows(head, sep)
		if slices.ContainsFunc(first, isAudit) {
			return sep, true, nil
		}
		if len(first) > 2 && len(first) == len(second) && !slices.ContainsFunc(first, notColumn) {
			return 0, false, errors.New("this is a table without a column AuditData, and its rows hold no whole records; export the log as JSON")
		}
	}
	return 0, false, nil
}

func isAudit(name string) bool { return strings.EqualFold(strings.TrimSpace(name), auditColumn) }

// notColumn tells whether a cell of the first row is no name of a column.
func notColumn(name string) bool {
	return strings.TrimSpace(name) == "" || strings.ContainsAny(name, "{}\":=<>")
}

// topRows are the first two rows of a table, if it is one.
func topRows(head []byte, sep rune) (first, second []string) {
	c := csv.NewReader(bytes.NewReader(head))
	c.Comma, c.FieldsPerRecord = sep, -1
	first, err := c.Read()
	if err != nil {
		return nil, nil
	}
	second, err = c.Read()
	if err != nil {
		return first, nil
	}
	return first, second
}

// preamble passes the lines that are about the table and not of it.
func preamble(head []byte) []byte {
	for bytes.HasPrefix(head, []byte("#TYPE")) || bytes.HasPrefix(head, []byte("sep=")) {
		_, rest, more := bytes.Cut(head, []byte{'\n'})
		if !more {
			return nil
		}
		head = rest
	}
	return head
}

// table is a CSV table whose rows hold a record in one column.
type table struct {
	csv     *csv.Reader
	guard   *guard
	column  int
	skipped int64 // lines before the header
	line    int64 // where the last row began
	scan    scanner
	over    bool
}

// errTooLarge ends a row that does not end by itself.
var errTooLarge = errors.New("a row is larger than any record")

// guard stops reading when a row grows beyond the limit.
type guard struct {
	in    io.Reader
	limit int
	read  int
}

func (g *guard) Read(p []byte) (int, error) {
	if g.read > g.limit {
		return 0, errTooLarge
	}
	n, err := g.in.Read(p)
	g.read += n
	return n, err
}

// newTable reads the header.
func newTable(b *bufio.Reader, sep rune, limit int) (*table, error) {
	t := &table{}
	for {
		head, _ := b.Peek(5)
		if len(preamble(head)) == len(head) {
			break
		}
		if _, err := b.ReadString('\n'); err != nil {
			return nil, err
		}
		t.skipped++
	}
	t.guard = &guard{in: b, limit: limit + 2*glance}
	t.csv = csv.NewReader(bufio.NewReaderSize(t.guard, glance))
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.ReuseRecord = sep, -1, true
	header, err := t.csv.Read()
	if err != nil {
		return nil, err
	}
	t.column = slices.IndexFunc(header, isAudit)
	return t, nil
}

// next returns the record of the next row.
func (t *table) next() ([]byte, int64, error) {
	if t.over {
		return nil, 0, io.EOF
	}
	t.guard.read = 0
	row, err := t.csv.Read()
	var wrongRow *csv.ParseError
	switch {
	case errors.Is(err, errTooLarge):
		t.over = true
		return nil, 0, t.bad(t.line+1, fmt.Sprintf("a row does not end within %d bytes; a quote may be missing, and what follows is left out", t.guard.limit))
	case errors.As(err, &wrongRow):
		return nil, 0, t.bad(int64(wrongRow.StartLine), "the row is no CSV: "+wrongRow.Err.Error())
	case err != nil:
		return nil, 0, err
	}
	at, _ := t.csv.FieldPos(0)
	line := int64(at)
	t.line = line
	if len(row) <= t.column {
		return nil, 0, t.bad(line, "the row ends before its column AuditData")
	}
	raw, what := onlyRecord(&t.scan, []byte(row[t.column]))
	if what != "" {
		return nil, 0, t.bad(line, "its AuditData cannot be read: "+what)
	}
	return raw, line + t.skipped, nil
}

// recheck has nothing to find: every record was looked at closely.
func (t *table) recheck() bool { return false }

func (t *table) bad(line int64, what string) error {
	line += t.skipped
	return &malformed{line, fmt.Sprintf("line %d: %s", line, what)}
}
