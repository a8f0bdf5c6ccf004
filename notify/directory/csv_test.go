package directory

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

const header = "person,name,belonging,department,manager,account,contact_kind,contact,recorded,inside\n"

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func parse(t *testing.T, file string) ([]holds.Person, []Problem) {
	t.Helper()
	people, problems, err := ParseCSV(strings.NewReader(file), now)
	if err != nil {
		t.Fatal(err)
	}
	return people, problems
}

// TestParseCSV reads a file as a spreadsheet writes it: byte-order mark,
// Windows line ends, quotes, stray spaces, an empty line, mixed case.
func TestParseCSV(t *testing.T) {
	file := "\ufeff" + strings.ReplaceAll(` Person ,NAME,belonging,department,manager,account,contact_kind,contact,recorded,inside,
anna,"Berg, Anna ""Ann""", Employee ,finance,mara,acme-okta:00uAnna1; acme-entra:6f9619ff-8b86-d011-b42d-00c04fc964ff,email, anna@private.example , 2023-04-01 ,
anna,,,,,,email,anna@acme.example,2022-01-10,acme-okta
anna,,,,,acme-okta:00uAnnaAdm,Phone,+44 (20) 7946-0018,2023-04-01T10:00:00+02:00,
,,,,,,,,,

mara,Mara Lind,employee,,,acme-okta:00uMara,,,,
`, "\n", "\r\n")
	people, problems := parse(t, file)
	if len(problems) != 0 {
		t.Errorf("problems: %v", problems)
	}
	want := []holds.Person{
		{
			ID: "anna", Name: `Berg, Anna "Ann"`, Belonging: holds.Employee, Manager: "mara", Department: "finance",
			Accounts: []holds.PersonAccount{
				{Connection: "acme-okta", Account: "00uAnna1"},
				{Connection: "acme-entra", Account: "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
				{Connection: "acme-okta", Account: "00uAnnaAdm"},
			},
			Points: []holds.ContactPoint{
				{Person: "anna", Kind: holds.EmailPoint, Value: "anna@private.example", Source: "csv", Recorded: day("2023-04-01")},
				{Person: "anna", Kind: holds.EmailPoint, Value: "anna@acme.example", Source: "csv", Recorded: day("2022-01-10"), Within: "acme-okta"},
				{Person: "anna", Kind: holds.PhonePoint, Value: "+442079460018", Source: "csv", Recorded: day("2023-04-01").Add(8 * time.Hour)},
			},
		},
		{ID: "mara", Name: "Mara Lind", Belonging: holds.Employee, Accounts: []holds.PersonAccount{{Connection: "acme-okta", Account: "00uMara"}}},
	}
	if diff := cmp.Diff(want, people); diff != "" {
		t.Error(diff)
	}
}

// TestParseCSVSemicolons: some spreadsheets write semicolons.
func TestParseCSVSemicolons(t *testing.T) {
	file := strings.ReplaceAll(header, ",", ";") + `anna;Anna;employee;;;acme-okta:00u1 acme-okta:00u2;email;anna@private.example;2023-04-01;` + "\n"
	people, problems := parse(t, file)
	if len(problems) != 0 || len(people) != 1 || len(people[0].Accounts) != 2 || len(people[0].Points) != 1 {
		t.Errorf("people %+v, problems %v", people, problems)
	}
}

// TestParseCSVBadRows: a bad row is named with its line and column and left out,
// and the good row behind it is read.
func TestParseCSVBadRows(t *testing.T) {
	for _, c := range []struct{ name, row, want string }{
		{"no person", `,Bo,employee,,,,,,,`, "line 2, person: it is empty"},
		{"address as id", `bo@acme.example,Bo,employee,,,,,,,`, "line 2, person: use letters"},
		{"no name", `bo,,employee,,,,,,,`, "line 2, name: it is empty"},
		{"unprintable name", "bo,B\u202eo,employee,,,,,,,", "line 2, name: it is longer"},
		{"long name", "bo," + strings.Repeat("b", 200) + ",employee,,,,,,,", "line 2, name: it is longer"},
		{"no belonging", `bo,Bo,,,,,,,,`, "line 2, belonging: it is empty"},
		{"odd belonging", `bo,Bo,friend,,,,,,,`, `line 2, belonging: "friend" is not known`},
		{"address strayed", `bo,Bo,bo@private.example,,,,,,,`, "line 2, belonging: what is written there is not known"},
		{"own manager", `bo,Bo,employee,,bo,,,,,`, "line 2, manager: nobody is their own manager"},
		{"odd manager", `bo,Bo,employee,,b o,,,,,`, "line 2, manager: it must be the id"},
		{"odd department", "bo,Bo,employee,fin\x01ance,,,,,,", "line 2, department"},
		{"odd account", `bo,Bo,employee,,,00u1,,,,`, `line 2, account: "00u1" is not of the form`},
		{"kind missing", `bo,Bo,employee,,,,,bo@private.example,2023-04-01,`, `line 2, contact_kind: "" is not known`},
		{"contact missing", `bo,Bo,employee,,,,email,,,`, "line 2, contact: it is empty although contact_kind"},
		{"date without contact", `bo,Bo,employee,,,,,,2023-04-01,`, "line 2, contact: it is empty although recorded"},
		{"display name", `bo,Bo,employee,,,,email,Bo <bo@private.example>,2023-04-01,`, "line 2, contact: it is not a plain"},
		{"two addresses", `bo,Bo,employee,,,,email,"bo@private.example, x@y.example",2023-04-01,`, "line 2, contact: it is not a plain"},
		{"national number", `bo,Bo,employee,,,,phone,020 7946 0018,2023-04-01,`, "line 2, contact: write the number in international form"},
		{"spreadsheet ate the plus", `bo,Bo,employee,,,,phone,4.42079E+11,2023-04-01,`, "line 2, contact: write the number"},
		{"phone inside", `bo,Bo,employee,,,,phone,+442079460018,2023-04-01,acme-okta`, "line 2, inside: only a mailbox"},
		{"odd inside", `bo,Bo,employee,,,,email,bo@acme.example,2023-04-01,Acme Okta`, `line 2, inside: "Acme Okta" is not the name`},
		{"E7 no date", `bo,Bo,employee,,,,email,bo@private.example,,`, "line 2, recorded: it is empty"},
		{"E7 local date", `bo,Bo,employee,,,,email,bo@private.example,01/04/2023,`, "line 2, recorded: it is not a date"},
		{"E7 future date", `bo,Bo,employee,,,,email,bo@private.example,2026-11-23,`, "line 2, recorded: 2026-11-23 lies in the future"},
		{"E7 zero date", `bo,Bo,employee,,,,email,bo@private.example,0001-01-01,`, "line 2, recorded: 0001-01-01 is too long ago"},
		{"too many fields", `bo,Bo, Jr.,employee,,,,,,,`, "line 2: the row has 11 fields"},
		{"open quote", `bo,"Bo,employee,,,,,,,`, "line 2: its quotes do not match"},
		{"stray quote", `bo,B"o,employee,,,,,,,`, "line 2: its quotes do not match"},
		{"not UTF-8", "bo,B\xf6,employee,,,,,,,", "line 2: it is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			people, problems := parse(t, header+c.row+"\nmara,Mara,employee,,,,,,,\n")
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), c.want) {
				t.Errorf("problems %v, want %q", problems, c.want)
			}
			for _, p := range problems {
				if strings.Contains(p.String(), "@private.example") {
					t.Errorf("%v tells an address", p)
				}
			}
			if len(people) != 1 || people[0].ID != "mara" {
				t.Errorf("people %+v, want mara alone", people)
			}
		})
	}
}

// TestParseCSVOverTheWholeFile: what only shows when rows are compared.
func TestParseCSVOverTheWholeFile(t *testing.T) {
	t.Run("R124 a shared mailbox is kept, marked and never used", func(t *testing.T) {
		people, problems := parse(t, header+
			"anna,Anna,employee,,,,email,team@private.example,2020-01-01,\n"+
			"bo,Bo,employee,,,,email,Team@Private.example,2021-01-01,\n"+
			"bo,,,,,,email,bo@private.example,2021-01-01,\n")
		if len(problems) != 2 || problems[0].Line != 2 || problems[1].Line != 3 || !strings.Contains(problems[0].What, "several people have it (anna, bo)") {
			t.Errorf("problems %v", problems)
		}
		chosen, refused := Eligible(append(people[0].Points, people[1].Points...), Situation{Occurred: now})
		if len(refused) != 2 || len(chosen) != 1 || chosen[0].Value != "bo@private.example" {
			t.Errorf("chosen %v, refused %v", chosen, refused)
		}
	})
	t.Run("R95 an account of two people belongs to neither", func(t *testing.T) {
		people, problems := parse(t, header+
			"anna,Anna,employee,,,acme-okta:00u1 acme-okta:00u2,,,,\n"+
			"bo,Bo,employee,,,acme-okta:00u2,,,,\n")
		if len(problems) != 2 || problems[0].Column != "account" {
			t.Errorf("problems %v", problems)
		}
		if len(people[0].Accounts) != 1 || people[0].Accounts[0].Account != "00u1" || len(people[1].Accounts) != 0 {
			t.Errorf("people %+v", people)
		}
	})
	t.Run("R39 a manager must be somebody", func(t *testing.T) {
		people, problems := parse(t, header+"anna,Anna,employee,,,,,,,\nanna,,,,ghost,,,,,\n")
		if len(problems) != 1 || problems[0].Line != 3 || problems[0].Column != "manager" || people[0].Manager != "" {
			t.Errorf("people %+v, problems %v", people, problems)
		}
	})
	t.Run("a manager may stand further down", func(t *testing.T) {
		people, problems := parse(t, header+"anna,Anna,employee,,mara,,,,,\nmara,Mara,employee,,,,,,,\n")
		if len(problems) != 0 || people[0].Manager != "mara" {
			t.Errorf("people %+v, problems %v", people, problems)
		}
	})
	t.Run("rows of one person do not contradict each other", func(t *testing.T) {
		_, problems := parse(t, header+
			"anna,Anna,employee,,,,email,anna@private.example,2020-01-01,\n"+
			"anna,Bo,,,,,,,,\n"+
			"anna,,vendor,,,,,,,\n"+
			"anna,,,,,,email,anna@private.example,2019-01-01,\n"+
			"anna,,,,,,email,Anna@private.example,2020-01-01,\n")
		var got []string
		for _, p := range problems {
			got = append(got, p.Column)
		}
		if diff := cmp.Diff([]string{"name", "belonging", "contact"}, got); diff != "" {
			t.Errorf("%s%v", diff, problems)
		}
	})
	t.Run("a row that is left out does not count against others", func(t *testing.T) {
		_, problems := parse(t, header+
			"anna,Anna,employee,,,,email,team@private.example,not a date,\n"+
			"bo,Bo,employee,,,,email,team@private.example,2021-01-01,\n")
		if len(problems) != 1 {
			t.Errorf("problems %v", problems)
		}
	})
}

// TestParseCSVRefusesFiles: errors that spoil the whole file name the columns.
func TestParseCSVRefusesFiles(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "is empty"},
		{"only blank lines", "\n \r\n", "is empty"},
		{"column missing", strings.Replace(header, ",recorded", "", 1), `no column "recorded"`},
		{"column unknown", strings.Replace(header, "recorded", "since", 1), `a column "since"`},
		{"column twice", strings.Replace(header, "inside", "person", 1), `the column "person" twice`},
		{"no header", "anna,Anna,employee,,,,,,,\n", `a column "anna"`},
		{"tabs", strings.ReplaceAll(header, ",", "\t"), "is not known"},
		{"UTF-16", "\xff\xfep\x00e\x00r\x00", "is not UTF-8"},
		{"quotes", `person,"name` + "\n", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			people, problems, err := ParseCSV(strings.NewReader(c.file), now)
			if err == nil || holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if people != nil || problems != nil {
				t.Error("something was returned with the error")
			}
		})
	}
}

// TestWriteCSV: what is written is read back the same.
func TestWriteCSV(t *testing.T) {
	people := []holds.Person{
		{
			ID: "anna", Name: `Berg, "Ann"`, Belonging: holds.Employee, Manager: "mara", Department: "finance",
			Accounts: []holds.PersonAccount{{Connection: "acme-okta", Account: "00u1"}, {Connection: "acme-entra", Account: "x-1"}},
			Points: []holds.ContactPoint{
				{Person: "anna", Kind: holds.EmailPoint, Value: "anna@private.example", Source: "csv", Recorded: day("2023-04-01")},
				{Person: "anna", Kind: holds.EmailPoint, Value: "anna@acme.example", Source: "csv", Recorded: now.Add(-time.Hour), Within: "acme-okta"},
				{Person: "anna", Kind: holds.PhonePoint, Value: "+442079460018", Source: "csv", Recorded: day("2024-01-01")},
			},
		},
		{ID: "mara", Name: "Mara", Belonging: holds.Contractor},
	}
	var file bytes.Buffer
	if err := WriteCSV(&file, people); err != nil {
		t.Fatal(err)
	}
	back, problems := parse(t, file.String())
	if len(problems) != 0 {
		t.Errorf("problems %v in\n%s", problems, file.String())
	}
	if diff := cmp.Diff(people, back); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseCSV(f *testing.F) {
	f.Add(header + "anna,Anna,employee,,,acme-okta:00u1,email,anna@private.example,2023-04-01,\n")
	f.Add("\ufeff" + header + "anna,\"An\rna\",employee,,,,phone,+442079460018,2023-04-01,\n\"")
	f.Fuzz(func(t *testing.T, file string) {
		people, _, err := ParseCSV(strings.NewReader(file), now)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteCSV(&out, people); err != nil {
			t.Fatal(err)
		}
		back, _, err := ParseCSV(&out, now)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(people, back); diff != "" {
			t.Errorf("read, written and read again differs:\n%s", diff)
		}
	})
}
