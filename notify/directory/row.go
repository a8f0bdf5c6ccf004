package directory

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// row is one line of the file.
type row struct {
	line   int
	header []string
	record []string
}

// field is a column's value without surrounding space.
func (r row) field(column string) string {
	i := slices.Index(r.header, column)
	if i < 0 || i >= len(r.record) {
		return ""
	}
	return strings.TrimSpace(r.record[i])
}

// empty tells whether nothing at all is written in the row.
func (r row) empty() bool {
	return !slices.ContainsFunc(r.record, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// wrong is a field's problem.
type wrong struct{ column, what string }

func (w wrong) Error() string { return w.what }

func bad(column, format string, args ...any) error {
	return wrong{column: column, what: fmt.Sprintf(format, args...)}
}

var (
	personForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	connForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	accountForm = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,62}):([A-Za-z0-9_-]{1,128})$`)
	phoneForm   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// person reads the fields that describe the human.
func (r row) person() (holds.Person, error) {
	p := holds.Person{
		ID:         holds.PersonID(r.field("person")),
		Name:       r.field("name"),
		Belonging:  holds.Belonging(strings.ToLower(r.field("belonging"))),
		Department: r.field("department"),
		Manager:    holds.PersonID(r.field("manager")),
	}
	switch {
	case len(r.record) > len(r.header):
		return p, bad("", "the row has %d fields, the header %d; put fields that contain a comma in quotes", len(r.record), len(r.header))
	case p.ID == "":
		return p, bad("person", "it is empty; every row names its person")
	case !personForm.MatchString(string(p.ID)):
		return p, bad("person", "use letters, digits, dot, dash and underscore, at most 64, and no e-mail address")
	case p.Manager != "" && !personForm.MatchString(string(p.Manager)):
		return p, bad("manager", "it must be the id of a person of this file")
	case p.Manager == p.ID:
		return p, bad("manager", "nobody is their own manager; leave it empty when there is none")
	case !readable(p.Name):
		return p, bad("name", "it is longer than 128 letters or contains characters that cannot be printed")
	case !readable(p.Department):
		return p, bad("department", "it is longer than 128 letters or contains characters that cannot be printed")
	}
	switch p.Belonging {
	case holds.Employee, holds.Contractor, holds.Vendor, "":
	default:
		return p, bad("belonging", "%s is not known; use employee, contractor or vendor", quote(string(p.Belonging)))
	}
	return p, nil
}

// readable tells whether a text is printable UTF-8 of sensible length.
func readable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 128 &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// accounts reads the accounts of the row.
func (r row) accounts() ([]holds.PersonAccount, error) {
	var out []holds.PersonAccount
	for _, s := range strings.FieldsFunc(r.field("account"), func(c rune) bool { return c == ';' || unicode.IsSpace(c) }) {
		m := accountForm.FindStringSubmatch(s)
		if m == nil {
			return nil, bad("account", "%s is not of the form connection:id, for example acme-okta:00u1a2b3c4", quote(s))
		}
		out = append(out, holds.PersonAccount{Connection: holds.ConnectionID(m[1]), Account: m[2]})
	}
	return out, nil
}

// point reads the contact point of the row; the second result is false when
// the row has none.
func (r row) point(now time.Time) (holds.ContactPoint, bool, error) {
	p := holds.ContactPoint{
		Person: holds.PersonID(r.field("person")),
		Kind:   holds.PointKind(strings.ToLower(r.field("contact_kind"))),
		Value:  r.field("contact"),
		Source: "csv",
		Within: holds.ConnectionID(r.field("inside")),
	}
	if p.Value == "" {
		for _, c := range []string{"contact_kind", "recorded", "inside"} {
			if r.field(c) != "" {
				return p, false, bad("contact", "it is empty although %s is filled in", c)
			}
		}
		return p, false, nil
	}
	var err error
	if p.Value, err = readValue(p.Kind, p.Value); err != nil {
		return p, false, err
	}
	if p.Within != "" && !connForm.MatchString(string(p.Within)) {
		return p, false, bad("inside", "%s is not the name of a connection", quote(string(p.Within)))
	}
	if p.Within != "" && p.Kind == holds.PhonePoint {
		return p, false, bad("inside", "only a mailbox can live inside a connection; leave it empty for a phone")
	}
	if p.Recorded, err = readDate(r.field("recorded"), now); err != nil {
		return p, false, err
	}
	return p, true, nil
}

// readValue checks an address, or brings a number into its plain form.
func readValue(kind holds.PointKind, value string) (string, error) {
	switch kind {
	case holds.EmailPoint:
		a, err := mail.ParseAddress(value)
		if err != nil || a.Name != "" || a.Address != value || !readable(value) {
			return "", bad("contact", "it is not a plain e-mail address such as anna@example.org")
		}
		return value, nil
	case holds.PhonePoint:
		plain := strings.Map(func(c rune) rune {
			if strings.ContainsRune("-./() \u00a0", c) {
				return -1
			}
			return c
		}, value)
		if !phoneForm.MatchString(plain) {
			return "", bad("contact", "write the number in international form, beginning with + and the country, such as +44 20 7946 0018")
		}
		return plain, nil
	}
	return "", bad("contact_kind", "%s is not known; use email or phone", quote(string(kind)))
}

// readDate reads the day a contact was put on file.
func readDate(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, bad("recorded", "it is empty; say since when the contact is on file, or leave the contact out")
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	switch {
	case err != nil:
		return time.Time{}, bad("recorded", "it is not a date; write year-month-day, such as 2023-04-01")
	case t.After(now):
		return time.Time{}, bad("recorded", "%s lies in the future", t.UTC().Format(time.DateOnly))
	case t.Year() < 1970:
		return time.Time{}, bad("recorded", "%s is too long ago to be true", t.UTC().Format(time.DateOnly))
	}
	return t.UTC(), nil
}

// quote repeats what somebody wrote in an error text, unless it may be an
// address or a number that strayed into the wrong column.
func quote(s string) string {
	if strings.ContainsRune(s, '@') || len(digits(s)) >= leastDigits {
		return "what is written there"
	}
	return fmt.Sprintf("%q", clip(s))
}
