package directory

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/countersign/countersign/holds"
)

// WriteCSV writes people in the form ParseCSV reads: the first row of a person
// describes them and carries their accounts, and every contact point has a row.
// What ParseCSV refuses (an undated point, say) is written all the same, so
// that nothing vanishes on the way to a spreadsheet. Tenants, the ids of points
// and the mark of shared points are not part of the file; the mark comes back
// when the file is read.
func WriteCSV(w io.Writer, people []holds.Person) error {
	out := csv.NewWriter(w)
	rows := [][]string{Columns()}
	for _, p := range people {
		rows = append(rows, personRows(p)...)
	}
	if err := out.WriteAll(rows); err != nil {
		return holds.Because(holds.Unavailable, err, "The file of people could not be written.")
	}
	return nil
}

// personRows are the rows of one person, in the order of Columns.
func personRows(p holds.Person) [][]string {
	var accounts string
	for i, a := range p.Accounts {
		if i > 0 {
			accounts += " "
		}
		accounts += string(a.Connection) + ":" + a.Account
	}
	first := []string{string(p.ID), p.Name, string(p.Belonging), p.Department, string(p.Manager), accounts, "", "", "", ""}
	if len(p.Points) == 0 {
		return [][]string{first}
	}
	rows := make([][]string, 0, len(p.Points))
	for i, c := range p.Points {
		row := []string{string(p.ID), "", "", "", "", "", "", "", "", ""}
		if i == 0 {
			row = first
		}
		copy(row[6:], []string{string(c.Kind), c.Value, date(c.Recorded), string(c.Within)})
		rows = append(rows, row)
	}
	return rows
}

// date writes a day where a day is all there is.
func date(t time.Time) string {
	t = t.UTC()
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}
