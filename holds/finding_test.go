package holds

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// wellAtOkta and wellInEntra are connections with nothing wrong.
func wellAtOkta() ConnectionHealth {
	return ConnectionHealth{
		Connection: "acme-okta", Provider: "okta", Mode: ModeContain, Configured: ago(48 * time.Hour), Polled: ago(7 * time.Second),
		Enforcement: Enforcement{At: ago(time.Minute), InForce: true}, Push: PushLook{At: ago(time.Minute)},
		Telling: Telling{At: ago(time.Minute), Log: ago(time.Hour), Push: ago(time.Hour)},
	}
}

func wellInEntra() ConnectionHealth {
	h := wellAtOkta()
	h.Connection, h.Provider, h.Push = "acme-entra", "entra", PushLook{}
	for _, resource := range []string{"users", "groups"} {
		h.Subscriptions = append(h.Subscriptions, Feed{Resource: resource, ID: "7f105c7d", Made: ago(24 * time.Hour), Expires: noon.Add(6 * 24 * time.Hour)})
	}
	return h
}

func oktaTerms() FeedTerms {
	return FeedTerms{PollEvery: 10 * time.Second, Kept: 90 * 24 * time.Hour, Hook: true, HookID: "whoOurs", Advice: "Look at the hook."}
}

func entraTerms() FeedTerms {
	return FeedTerms{PollEvery: 30 * time.Second, Kept: 7 * 24 * time.Hour, Advice: "Look at the address."}
}

func silentTelling() Telling {
	return Telling{At: ago(time.Minute), Silent: 6, Changes: 2, Since: ago(time.Hour), Types: []string{"user.mfa.factor.update"}, Log: ago(time.Minute)}
}

// TestD1ToD9Findings: each way of being silenced is found within five minutes of its
// being so, with words that say what, since when, and what to do, and nothing else
// is said.
func TestD1ToD9Findings(t *testing.T) {
	for name, tc := range map[string]struct {
		entra   bool
		edit    func(*ConnectionHealth)
		terms   func(*FeedTerms)
		want    FindingKind
		since   time.Time
		says    string
		noted   bool // found, and not wrong
		paged   bool
		hearing Hearing
	}{
		"all is well at Okta":    {hearing: Heard},
		"all is well in Entra":   {entra: true, hearing: Heard},
		"D1 the log is not read": {edit: func(h *ConnectionHealth) { h.Polled = ago(5 * time.Minute) }, want: LogUnread, since: ago(5 * time.Minute), says: "last read 5 min ago", hearing: Deaf},
		"D1 still read a moment ago": {
			edit: func(h *ConnectionHealth) { h.Polled = ago(4*time.Minute - time.Second) }, hearing: Heard,
		},
		"D1 never read": {
			edit: func(h *ConnectionHealth) { h.Polled = time.Time{} }, want: LogUnread, since: ago(48 * time.Hour), says: "never read", paged: true, hearing: Deaf,
		},
		"D1 only just configured": {
			edit: func(h *ConnectionHealth) {
				h.Polled, h.Configured, h.Push, h.Enforcement = time.Time{}, ago(time.Minute), PushLook{}, Enforcement{}
			}, hearing: Deaf,
		},
		"D6 the cursor is refused": {
			edit: func(h *ConnectionHealth) {
				h.Polled, h.LogTrouble = ago(20*time.Minute), "Okta no longer takes the place where reading was to go on."
			},
			want: LogUnread, since: ago(20 * time.Minute), says: "no longer takes the place", paged: true, hearing: Deaf,
		},
		"D6 a slow poller is given its time": {
			terms: func(t *FeedTerms) { t.PollEvery = 10 * time.Minute }, edit: func(h *ConnectionHealth) { h.Polled = ago(25 * time.Minute) }, hearing: Heard,
		},
		"D6 longer than the log is kept": {
			entra: true, edit: func(h *ConnectionHealth) { h.Polled = ago(8 * 24 * time.Hour) }, want: LogGap, since: ago(8 * 24 * time.Hour),
			says: "never be seen", paged: true, hearing: Deaf,
		},
		"D2 the hook is switched off": {
			edit: func(h *ConnectionHealth) {
				h.Push.Trouble, h.Push.Since = "Our event hook is switched off (INACTIVE).", ago(2*time.Minute)
			}, want: PushOff, since: ago(2 * time.Minute), says: "switched off", hearing: Deaf,
		},
		"D2 we may not look": {
			edit: func(h *ConnectionHealth) { h.Push.Unseen = "The token lacks okta.eventHooks.read." }, want: PushUnseen, since: ago(time.Minute),
			says: "okta.eventHooks.read", noted: true, hearing: Heard,
		},
		"D2 which hook is ours is not configured": {
			terms: func(t *FeedTerms) { t.HookID = "" }, edit: func(h *ConnectionHealth) { h.Push = PushLook{} }, want: PushUnseen, says: "hook.id", noted: true, hearing: Heard,
		},
		"D2 nobody looked of late": {
			edit: func(h *ConnectionHealth) { h.Push.At = ago(time.Hour) }, want: PushUnseen, since: ago(time.Hour), says: "not looked at", noted: true, hearing: Heard,
		},
		"D3 the allowance is burnt": {
			edit: func(h *ConnectionHealth) { h.Telling = silentTelling() }, want: PushSilent, since: ago(time.Hour), says: "allowance is used up", hearing: Deaf,
		},
		"D3 which may be another cause": {
			edit: func(h *ConnectionHealth) { h.Telling, h.Push.Unseen = silentTelling(), "The token may not." }, want: PushSilent, since: ago(time.Hour),
			says: "user.mfa.factor.update", hearing: Deaf,
		},
		"D3 notifications that do not come": {
			entra: true, edit: func(h *ConnectionHealth) { h.Telling = silentTelling() }, want: PushSilent, since: ago(time.Hour), says: "by its log alone", hearing: Deaf,
		},
		"D3 an old count tells nothing": {
			edit: func(h *ConnectionHealth) { h.Telling = silentTelling(); h.Telling.At = ago(time.Hour) }, hearing: Heard,
		},
		"D4 a subscription is lost": {
			entra: true, edit: func(h *ConnectionHealth) { h.Subscriptions[1].ID, h.Subscriptions[1].Expires = "", ago(16*time.Minute) },
			want: SubscriptionLost, since: ago(16 * time.Minute), says: "to groups is missing", paged: true, hearing: Deaf,
		},
		"D4 it has ended": {
			entra: true, edit: func(h *ConnectionHealth) { h.Subscriptions[0].Expires = ago(time.Minute) }, want: SubscriptionLost, since: ago(time.Minute),
			says: "to users ended 60 s ago", hearing: Deaf,
		},
		"D4 it is not renewed": {
			entra: true, edit: func(h *ConnectionHealth) {
				h.Subscriptions[0].Made, h.Subscriptions[0].Expires = ago(60*time.Hour), noon.Add(15*time.Hour)
			},
			want: SubscriptionLost, since: ago(3*time.Hour + 45*time.Minute), says: "should have been renewed", paged: true, hearing: Deaf,
		},
		"D4 it cannot be made": {
			entra: true, edit: func(h *ConnectionHealth) { h.Subscriptions[0].Trouble = "The address could not be reached." },
			want: SubscriptionLost, says: "could not be reached", hearing: Deaf,
		},
		"D4 it is just being made": {
			entra: true, edit: func(h *ConnectionHealth) {
				h.Subscriptions[0] = Feed{Resource: "users", Pending: noon.Add(time.Minute)}
			}, hearing: Heard,
		},
		"D4 there is none": {
			entra: true, edit: func(h *ConnectionHealth) { h.Subscriptions = nil }, want: SubscriptionLost, since: ago(48 * time.Hour), says: "no subscription", paged: true, hearing: Deaf,
		},
		"D9 a quiet tenant": {edit: func(h *ConnectionHealth) { h.Telling = Telling{At: ago(time.Minute)} }, hearing: Quiet},
		"D9 a quiet directory": {entra: true, edit: func(h *ConnectionHealth) {
			h.Telling = Telling{At: ago(time.Minute), Push: ago(25 * time.Hour)}
		}, hearing: Quiet},
		"D9 silence that is none": {
			edit: func(h *ConnectionHealth) { h.Telling, h.Polled = Telling{At: ago(6 * time.Minute)}, ago(6*time.Minute) },
			want: LogUnread, since: ago(6 * time.Minute), says: "6 min ago", hearing: Deaf,
		},
		"A8 strangers call": {
			entra: true, edit: func(h *ConnectionHealth) { h.Refused, h.RefusedAt = 3, ago(time.Hour) }, want: StrangersCall, since: ago(time.Hour), says: "3 notifications", noted: true, hearing: Heard,
		},
		"G13 the deny rules are not in force": {
			edit: func(h *ConnectionHealth) {
				h.Enforcement.InForce, h.Enforcement.Problems = false, []string{"The rule is not first."}
			},
			want: RestraintOff, since: ago(time.Minute), says: "not first", hearing: Heard,
		},
		"G13 nobody minds in watch mode": {
			edit: func(h *ConnectionHealth) { h.Mode, h.Enforcement = ModeWatch, Enforcement{At: ago(time.Minute)} }, hearing: Heard,
		},
		"G13 not checked of late": {
			edit: func(h *ConnectionHealth) { h.Enforcement.At = ago(time.Hour) }, want: RestraintOff, since: ago(time.Hour), says: "last checked 60 min ago", hearing: Heard,
		},
		"G13 never checked": {
			edit: func(h *ConnectionHealth) { h.Enforcement = Enforcement{} }, want: RestraintOff, since: ago(48 * time.Hour), says: "never checked", hearing: Heard,
		},
		"G13 short of perfect": {
			edit: func(h *ConnectionHealth) { h.Enforcement.Problems = []string{"An app has no policy."} }, want: RestraintShort, since: ago(time.Minute),
			says: "no policy", noted: true, hearing: Heard,
		},
		"G13 the credential is refused": {
			edit: func(h *ConnectionHealth) { h.RulesTrouble = "Okta refuses the token." }, want: CallsFail, since: ago(time.Minute), says: "refuses the token", hearing: Heard,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, terms := wellAtOkta(), oktaTerms()
			if tc.entra {
				h, terms = wellInEntra(), entraTerms()
			}
			if tc.edit != nil {
				tc.edit(&h)
			}
			if tc.terms != nil {
				tc.terms(&terms)
			}
			if got := h.Hearing(terms, noon); got != tc.hearing {
				t.Errorf("%s, want %s", got, tc.hearing)
			}
			got := h.Findings(terms, noon)
			if tc.want == "" {
				if len(got) > 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			i := slices.IndexFunc(got, func(f Finding) bool { return f.Kind == tc.want })
			others := slices.ContainsFunc(got, func(f Finding) bool { return f.Kind != tc.want && f.Wrong })
			if i < 0 || others && tc.want != LogGap {
				t.Fatalf("found %+v", got)
			}
			f := got[i]
			if !strings.Contains(f.What, tc.says) || f.Wrong == tc.noted || f.Page != tc.paged || !f.Since.Equal(tc.since) {
				t.Errorf("%+v", f)
			}
			if f.Do == "" && f.Kind != RestraintShort {
				t.Errorf("nobody is told what to do about %q", f.What)
			}
			if !slices.Contains(FindingKinds(), f.Kind) {
				t.Errorf("%s is not among the kinds", f.Kind)
			}
		})
	}
}

// TestD2WhatIsWrongComesFirst: a tired person reads the first line.
func TestD2WhatIsWrongComesFirst(t *testing.T) {
	h := wellAtOkta()
	h.Refused, h.RefusedAt = 1, noon
	h.Enforcement.Problems = []string{"An app has no policy."}
	h.Push.Unseen = "It may not."
	h.RulesTrouble = "Okta refuses the token."
	got := h.Findings(oktaTerms(), noon)
	if len(got) != 4 || !got[0].Wrong || got[1].Wrong || got[3].Wrong {
		t.Errorf("%+v", got)
	}
}

// TestAgo: durations as people say them.
func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 9 * time.Second: "9 s", 119 * time.Second: "119 s", 2 * time.Minute: "2 min", 90 * time.Minute: "90 min",
		2 * time.Hour: "2 h", 47 * time.Hour: "47 h", 48 * time.Hour: "2 days", 90 * 24 * time.Hour: "90 days",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
