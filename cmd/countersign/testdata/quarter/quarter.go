package quarter

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"time"
)

// Options are what a quarter depends on. The same options always give the same
// records, byte by byte.
type Options struct {
	// Seed is for everything that chance decides.
	Seed uint64
	// Weeks and People are the length of time and the size of the company; zero means
	// 13 and 300. Rates are scaled to them.
	Weeks, People int
	// Noise is how many sign-in and single sign-on records a person has on a working
	// day, zero meaning 12. One is enough to know where people work from.
	Noise int
}

func (o Options) ready() Options {
	if o.Weeks == 0 {
		o.Weeks = 13
	}
	if o.People == 0 {
		o.People = 300
	}
	if o.Noise == 0 {
		o.Noise = 12
	}
	return o
}

// Record is one record of a log as its vendor writes it.
type Record struct {
	// ID is the vendor's id of the record.
	ID string
	At time.Time
	// JSON is the record on one line.
	JSON []byte
}

// Quarter is what the company's identity platforms wrote in the time.
type Quarter struct {
	// People is how many people the company has.
	People   int
	From, To time.Time
	// System is Okta's System Log. Directory is Entra's audit log, with the unified
	// audit log's records of Exchange among them. SignIns is Entra's sign-in log, which
	// an organisation may or may not export.
	System, Directory, SignIns []Record
	Truth                      Truth
}

// Okta writes the System Log as JSON lines, oldest first.
func (q Quarter) Okta(w io.Writer) error { return lines(w, q.System) }

// Entra writes the audit log and the sign-in log as JSON lines, oldest first.
func (q Quarter) Entra(w io.Writer) error { return lines(w, q.AllEntra()) }

// AllEntra are the records of both logs of Entra by time.
func (q Quarter) AllEntra() []Record { return byTime(slices.Concat(q.Directory, q.SignIns)) }

func byTime(records []Record) []Record {
	slices.SortStableFunc(records, func(a, b Record) int { return a.At.Compare(b.At) })
	return records
}

func lines(w io.Writer, records []Record) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for _, r := range records {
		if _, err := out.Write(append(r.JSON, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Truth says what the records do not: which of them are takeovers.
type Truth struct {
	Takeovers []Takeover
	// Joiners are the records of joiners' own first enrolments, none of which should
	// be held.
	Joiners []string
	// Migration is the first day of the week in which the company moves to another
	// authenticator.
	Migration time.Time
	// Expected counts what people did, by name, so that a base rate can be read.
	Expected map[string]int
}

// Takeover is one account, or more, taken over.
type Takeover struct {
	Name string
	// Source is who described it.
	Source   string
	Provider string
	// Records are all of the intruder's records that change something, in order.
	Records []string
	// Decisive is the one that must be held for the takeover to end there.
	Decisive string
}

// Generate makes a quarter.
func Generate(o Options) Quarter {
	w := newWorld(o.ready())
	w.joiners()
	w.leavers()
	w.signIns()
	w.phones()
	w.migration()
	w.otherFactors()
	w.passwords()
	w.numbers()
	w.devices()
	w.roles()
	w.organisation()
	w.applications()
	w.guests()
	w.synchronisation()
	w.mail()
	w.takeovers()
	q := Quarter{
		People: o.ready().People, From: w.start, To: w.day(7 * w.Weeks),
		System: byTime(w.system), Directory: byTime(w.directory), SignIns: byTime(w.signins), Truth: w.truth,
	}
	return q
}

// login makes a mail address of a name.
func login(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@" + domain
}
