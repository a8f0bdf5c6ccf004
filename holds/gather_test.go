package holds

import (
	"fmt"
	"testing"
	"time"
)

// flood is what a contact point has had of messages, as a store would know it.
type flood struct {
	to   Audience
	said []Spoken
	at   []time.Time
	left []int // what each digest stands for beside itself, by the place in said
}

// plan plans a message and tells whether it goes at once.
func (f *flood) plan(gravity int, now time.Time) (at time.Time) {
	var recent []Spoken
	for i, s := range f.said {
		if now.Sub(f.at[i]) < TellWindow {
			s.Open = !s.Due.IsZero() && s.Due.After(now)
			s.Carries = f.left[i]
			recent = append(recent, s)
		}
	}
	id := NoticeID(fmt.Sprint(len(f.said)))
	bearer, due := Gather(Notice{ID: id, Audience: f.to}, gravity, recent, now)
	if bearer == id {
		f.said, f.at, f.left = append(f.said, Spoken{Notice: id, Gravity: gravity, Due: due}), append(f.at, now), append(f.left, 0)
		if due.IsZero() {
			return now
		}
		return due
	}
	for i, s := range f.said {
		if s.Notice == bearer {
			f.left[i]++
			return s.Due
		}
	}
	return time.Time{} // said by nobody
}

// E11: a flood of messages of one gravity is a few messages and a digest for each
// quarter of an hour, however long it lasts, and none of it is lost.
func TestE11AFloodIsAFewMessages(t *testing.T) {
	for to, most := range map[Audience]int{ToOwner: MostToOwner, ToDuty: MostToDuty} {
		t.Run(string(to), func(t *testing.T) {
			f := &flood{to: to}
			now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
			for n := range 2 * 60 * 60 / 10 { // one every ten seconds for two hours
				at := f.plan(UrgencyMedium, now)
				switch {
				case at.Before(now):
					t.Fatalf("message %d is said by nobody", n)
				case n < most && !at.Equal(now):
					t.Fatalf("message %d waits until %s", n, at)
				case at.Sub(now) > 15*time.Minute:
					t.Fatalf("message %d waits for %s", n, at.Sub(now))
				}
				now = now.Add(10 * time.Second)
			}
			if got, bound := len(f.said), 2*(most+5); got > bound {
				t.Fatalf("720 messages within two hours went out as %d, want at most %d", got, bound)
			}
		})
	}
}

// E11: a message that is graver than all that was told goes out at once, whatever
// the flood before it, and none that is lesser delays it.
func TestE11AGraverMessageWaitsForNothing(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for _, to := range []Audience{ToOwner, ToDuty} {
		f := &flood{to: to}
		for _, gravity := range []int{UrgencyLow, UrgencyMedium, UrgencyHigh} {
			for range 1000 {
				f.plan(gravity, now)
			}
			if at := f.plan(gravity, now); !at.After(now) {
				t.Fatalf("%s: the thousandth of gravity %d is not gathered", to, gravity)
			}
			if at := f.plan(gravity-1, now); !at.Equal(now) {
				t.Fatalf("%s: after a thousand of gravity %d one that is graver waits until %s", to, gravity, at)
			}
		}
	}
}

// E11: even a flood of the gravest pages is bounded, and none of them waits for
// more than a minute.
func TestE11TheGravestPagesWaitAMinuteAtMost(t *testing.T) {
	f := &flood{to: ToDuty}
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for range 3600 {
		if at := f.plan(UrgencyFirst, now); at.Sub(now) > time.Minute || at.Before(now) {
			t.Fatalf("waits for %s", at.Sub(now))
		}
		now = now.Add(time.Second)
	}
	if len(f.said) > MostToDuty+60 {
		t.Fatalf("%d pages within an hour", len(f.said))
	}
}

// E11: a digest that somebody has begun to write, and one that is full, take
// nothing more.
func TestE11ADigestTakesNoMoreOnceItIsWrittenOrFull(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	open := Spoken{Notice: "digest", Gravity: UrgencyMedium, Due: now.Add(time.Minute), Open: true}
	with := func(change func(*Spoken)) []Spoken {
		s := open
		change(&s)
		out := []Spoken{s}
		for range MostToOwner {
			out = append(out, Spoken{Gravity: UrgencyMedium})
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(*Spoken)
		joins  bool
	}{
		"open":                   {func(*Spoken) {}, true},
		"begun":                  {func(s *Spoken) { s.Open = false }, false},
		"due":                    {func(s *Spoken) { s.Due = now }, false},
		"full":                   {func(s *Spoken) { s.Carries = MostGathered - 1 }, false},
		"of another gravity":     {func(s *Spoken) { s.Gravity = UrgencyHigh }, false},
		"has room for the last":  {func(s *Spoken) { s.Carries = MostGathered - 2 }, true},
		"of one that waits less": {func(s *Spoken) { s.Due = now.Add(time.Nanosecond) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			bearer, due := Gather(Notice{ID: "new", Audience: ToOwner}, UrgencyMedium, with(c.change), now)
			if c.joins != (bearer == "digest" && due.IsZero()) || !c.joins && (bearer != "new" || !due.After(now)) {
				t.Fatalf("said by %s, due %s", bearer, due)
			}
		})
	}
}

// E11: what a message weighs: what the owner repudiated and what was done to
// Countersign itself as much as can be.
func TestE11Gravity(t *testing.T) {
	privileged := []EventRef{{Rank: RankPrivileged}}
	for name, c := range map[string]struct {
		to   Audience
		h    Hold
		want int
	}{
		"low":                        {ToDuty, Hold{Terms: Terms{Tier: TierLow}}, UrgencyLow},
		"medium":                     {ToDuty, Hold{Terms: Terms{Tier: TierMedium}}, UrgencyMedium},
		"high":                       {ToOwner, Hold{Terms: Terms{Tier: TierHigh}}, UrgencyHigh},
		"medium and privileged":      {ToOwner, Hold{Terms: Terms{Tier: TierMedium}, Events: privileged}, UrgencyHigh},
		"high and privileged":        {ToDuty, Hold{Terms: Terms{Tier: TierHigh}, Events: privileged}, UrgencyFirst},
		"repudiated by the owner":    {ToDuty, Hold{Terms: Terms{Tier: TierLow}, NotMe: time.Unix(1, 0)}, UrgencyFirst},
		"done to Countersign":        {ToDuty, Hold{Class: Tamper, Terms: Terms{Tier: TierMedium}}, UrgencyFirst},
		"the same, told to an owner": {ToOwner, Hold{Class: Tamper, Terms: Terms{Tier: TierMedium}}, UrgencyMedium},
	} {
		if got := (Notice{Audience: c.to}).Gravity(c.h); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
