package okta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
	"github.com/countersign/countersign/providers/providertest"
)

// reverts makes, for every action that undoes what an event names, a change and
// the action that undoes it.
func reverts() map[holds.ActionKind]func(t *testing.T, o *org) holds.Action {
	named := func(t *testing.T, o *org, e oktasim.Event) holds.Action {
		t.Helper()
		a := decodeSim(t, o, e).Undo
		if a.Object == "" {
			t.Fatalf("%s does not tell how it is undone", e.EventType)
		}
		a.Account = oktasim.Engineer
		return a
	}
	return map[holds.ActionKind]func(t *testing.T, o *org) holds.Action{
		holds.LeaveGroup: func(t *testing.T, o *org) holds.Action {
			told, err := o.JoinsGroup(oktasim.ITLead, oktasim.Engineer, oktasim.FinanceGroup)
			story(t, told, err)
			return named(t, o, told.Events[0])
		},
		holds.DisableDevice: func(t *testing.T, o *org) holds.Action {
			told, err := o.EnrolsFactor(oktasim.Engineer, "okta_verify", "Pixel")
			story(t, told, err)
			return named(t, o, told.Events[0])
		},
		holds.RevokeToken: func(t *testing.T, o *org) holds.Action {
			told, err := o.MakesToken(oktasim.OrgAdmin, "ci")
			story(t, told, err)
			return named(t, o, told.Events[0])
		},
		holds.DeactivateIDP: func(t *testing.T, o *org) holds.Action {
			told, err := o.AddsIDP(oktasim.OrgAdmin, "Partner", "https://partner.example")
			story(t, told, err)
			return named(t, o, told.Events[0])
		},
		holds.RestoreProfile: func(t *testing.T, o *org) holds.Action {
			before, err := o.Snapshot(t.Context(), oktasim.Engineer)
			if err != nil {
				t.Fatal(err)
			}
			told, err := o.ChangesProfile(oktasim.ITLead, oktasim.Engineer, map[string]any{"secondEmail": "m@evil.example", "recoveryPhone": "+15550108888", "title": "Boss"})
			story(t, told, err)
			return holds.Action{Kind: holds.RestoreProfile, Account: oktasim.Engineer, Object: "recoveryPhone,secondEmail", Before: &before}
		},
	}
}

// each runs a case for every revert, with an organisation of its own.
func each(t *testing.T, run func(t *testing.T, o *org, a holds.Action)) {
	t.Helper()
	for kind, make := range reverts() {
		t.Run(string(kind), func(t *testing.T) {
			o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Timeout = 300 * time.Millisecond })
			run(t, o, make(t, o))
		})
	}
}

func does(t *testing.T, o *org, a holds.Action, want holds.ResultStatus) holds.Result {
	t.Helper()
	r, err := o.Do(t.Context(), a)
	if err != nil || r.Status != want || r.Detail == "" || r.At.IsZero() {
		t.Fatalf("%s: %+v, %v; want %s", a.Kind, r, err, want)
	}
	return r
}

func observes(t *testing.T, o *org, a holds.Action, want bool) {
	t.Helper()
	if got, err := o.Observe(t.Context(), a); err != nil || got != want {
		t.Errorf("%s is in force: %v, %v; want %v", a.Kind, got, err, want)
	}
}

func TestRevertsAreMadeOnceAndReadBack(t *testing.T) {
	each(t, func(t *testing.T, o *org, a holds.Action) {
		observes(t, o, a, false)
		if r := does(t, o, a, holds.Applied); !r.EffectiveBy.IsZero() || r.Detail == "" {
			t.Errorf("%+v", r)
		}
		observes(t, o, a, true)
		does(t, o, a, holds.Already)
		if n := o.effects(a); n != 1 {
			t.Errorf("it took effect %d times", n)
		}
		p, _ := o.Person(oktasim.Engineer)
		if a.Kind == holds.RestoreProfile && (p.Profile.Get("title") != "Boss" || p.Profile.Get("secondEmail") != "aiko@home.example" || p.Profile["recoveryPhone"] != nil) {
			t.Errorf("the profile is %v", p.Profile)
		}
	})
}

// What a revert writes into the log is recognised as ours, and names what it was
// done to where it names no account.
func TestC13RevertsInTheLog(t *testing.T) {
	each(t, func(t *testing.T, o *org, a holds.Action) {
		was := len(o.Log())
		does(t, o, a, holds.Applied)
		events := o.Log()[was:]
		for _, e := range events {
			got := decodeSim(t, o, e)
			if !got.Actor.Own || got.Echo != a.Kind || got.Class == holds.Tamper {
				t.Errorf("%s: own %v, echo %q, class %s", e.EventType, got.Actor.Own, got.Echo, got.Class)
			}
			if !a.Kind.Shown() && !slices.ContainsFunc(got.Objects, func(x holds.Object) bool { return x.ID == a.Object }) {
				t.Errorf("%s does not name %s: %v", e.EventType, a.Object, got.Objects)
			}
		}
		if len(events) == 0 {
			t.Error("it wrote nothing")
		}
	})
}

func TestG7RevertsWhoseAnswerWasLost(t *testing.T) {
	each(t, func(t *testing.T, o *org, a holds.Action) {
		for _, f := range []providertest.Fault{providertest.FailBefore, providertest.CutBefore, providertest.Page} {
			o.arm(t, a, f)
			if _, err := o.Do(t.Context(), a); holds.KindOf(err) != holds.Unavailable {
				t.Errorf("a failure before it: %v", err)
			}
			observes(t, o, a, false)
		}
	})
	for _, f := range []providertest.Fault{providertest.FailAfter, providertest.CutAfter, providertest.OddAfter} {
		each(t, func(t *testing.T, o *org, a holds.Action) {
			o.arm(t, a, f)
			if r, err := o.Do(t.Context(), a); holds.KindOf(err) != holds.Unavailable {
				t.Errorf("a lost answer: %+v, %v", r, err)
			}
			observes(t, o, a, true)
			does(t, o, a, holds.Already)
			if n := o.effects(a); n != 1 {
				t.Errorf("it took effect %d times", n)
			}
		})
	}
}

func TestG5RevertsEndAndWait(t *testing.T) {
	each(t, func(t *testing.T, o *org, a holds.Action) {
		o.arm(t, a, providertest.Hang)
		if _, err := o.Do(t.Context(), a); holds.KindOf(err) != holds.Unavailable {
			t.Errorf("a hang: %v", err)
		}
		o.RateLimit(oktasim.TooMany{Calls: 1, Reset: 30 * time.Second})
		if _, err := o.Do(t.Context(), a); holds.RetryAfter(err) < 25*time.Second {
			t.Errorf("a rate limit: %v", err)
		}
	})
	each(t, func(t *testing.T, o *org, a holds.Action) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := o.Do(ctx, a); holds.KindOf(err) != holds.Unavailable {
			t.Errorf("a call that was stopped: %v", err)
		}
		if o.effects(a) != 0 {
			t.Error("it took effect")
		}
	})
}

func TestG15RevertsRefuseIDsThatAreNone(t *testing.T) {
	each(t, func(t *testing.T, o *org, a holds.Action) {
		was := len(o.Journal())
		for _, id := range []string{".", "../../apps", a.Object + "/..", a.Object + "?x=y", "%2e%2e", a.Object + "\n", "é", strings.Repeat("a", 4096)} {
			bad := a
			bad.Object = id
			if _, err := o.Do(t.Context(), bad); holds.KindOf(err) != holds.Invalid {
				t.Errorf("the object %.40q: %v", id, err)
			}
			if _, err := o.Observe(t.Context(), bad); a.Kind != holds.RestoreProfile && holds.KindOf(err) != holds.Invalid {
				t.Errorf("observing the object %.40q: %v", id, err)
			}
			bad = a
			bad.Account = id
			if _, err := o.Do(t.Context(), bad); holds.KindOf(err) != holds.Invalid {
				t.Errorf("the account %.40q: %v", id, err)
			}
		}
		if a.Kind != holds.RestoreProfile && len(o.Journal()) != was {
			t.Error("a call was made with an id that is none")
		}
	})
}

// G12: what is gone cannot be undone twice, and needs no undoing.
func TestG12RevertsOfWhatIsGone(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	nobody := "00uNobody00000000000"
	for _, c := range []struct {
		a        holds.Action
		want     holds.ResultStatus
		observed bool
	}{
		{holds.Action{Kind: holds.DisableDevice, Object: "guoNobody00000000000"}, holds.Already, true},
		{holds.Action{Kind: holds.RevokeToken, Object: "00TNobody00000000000"}, holds.Already, true},
		{holds.Action{Kind: holds.DeactivateIDP, Object: "0oaNobody00000000000"}, holds.Already, true},
		{holds.Action{Kind: holds.LeaveGroup, Account: oktasim.Engineer, Object: "00gNobody00000000000"}, holds.Already, true},
		{holds.Action{Kind: holds.LeaveGroup, Account: nobody, Object: oktasim.FinanceGroup}, holds.Gone, false},
		{holds.Action{Kind: holds.RestoreProfile, Account: nobody, Object: "email", Before: &holds.Snapshot{Contacts: map[string]string{"email": "a@b.example"}}}, holds.Gone, false},
	} {
		does(t, o, c.a, c.want)
		if c.observed {
			observes(t, o, c.a, true)
		} else if _, err := o.Observe(t.Context(), c.a); holds.KindOf(err) != holds.NotFound {
			t.Errorf("observing %+v: %v", c.a, err)
		}
	}
	// A token works on when whoever made it is gone; it is revoked all the same.
	told, err := o.MakesToken(oktasim.OrgAdmin, "ci")
	story(t, told, err)
	does(t, o, holds.Action{Kind: holds.RevokeToken, Account: nobody, Object: told.Events[0].Target[0].ID}, holds.Applied)
}

func TestRevertsThatCannotBe(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	told, err := o.JoinsGroup(oktasim.ITLead, oktasim.Engineer, oktasim.RestraintGroup)
	story(t, told, err)
	before := &holds.Snapshot{Contacts: map[string]string{"secondEmail": "cut off\ufffd"}}
	for name, c := range map[string]struct {
		a    holds.Action
		says string
	}{
		"the restraint group":     {holds.Action{Kind: holds.LeaveGroup, Object: oktasim.RestraintGroup}, "restraint group"},
		"everybody's group":       {holds.Action{Kind: holds.LeaveGroup, Object: oktasim.EveryoneGroup}, "Everyone"},
		"our own token":           {holds.Action{Kind: holds.RevokeToken, Object: oktasim.ServiceToken}, "own API token"},
		"a consent":               {holds.Action{Kind: holds.RevokeConsent, Object: "x"}, "consent"},
		"an app's secret":         {holds.Action{Kind: holds.RemoveCredential, Object: "x"}, "secret"},
		"a value not kept whole":  {holds.Action{Kind: holds.RestoreProfile, Object: "secondEmail", Before: before}, "by hand"},
		"no primary mail address": {holds.Action{Kind: holds.RestoreProfile, Object: "email", Before: before}, "by hand"},
	} {
		c.a.Account = oktasim.Engineer
		if r := does(t, o, c.a, holds.Refused); !strings.Contains(r.Detail, c.says) {
			t.Errorf("%s: %s", name, r.Detail)
		}
	}
	for name, a := range map[string]holds.Action{
		"no before-image":        {Object: "email"},
		"the sign-in name":       {Object: "login", Before: before},
		"another attribute":      {Object: "title", Before: before},
		"a name that is none":    {Object: "second email", Before: before},
		"nothing":                {Before: before},
		"an attribute twice":     {Object: "email,email", Before: before},
		"an attribute and a tie": {Object: "email,", Before: before},
	} {
		a.Kind, a.Account = holds.RestoreProfile, oktasim.Engineer
		if r, err := o.Do(t.Context(), a); holds.KindOf(err) != holds.Invalid {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := o.Observe(t.Context(), holds.Action{Kind: holds.ClearSessions, Account: oktasim.Engineer}); holds.KindOf(err) != holds.Invalid {
		t.Errorf("observing what nothing shows: %v", err)
	}
	classic := newOrg(t, oktasim.Options{Engine: oktasim.Classic}, nil)
	r := does(t, classic, holds.Action{Kind: holds.DisableDevice, Account: oktasim.Engineer, Object: "guoAiko0600000000000"}, holds.Refused)
	if !strings.Contains(r.Detail, "feature") {
		t.Errorf("no devices: %s", r.Detail)
	}
}

// Okta's refusal of a value is about the value, not about us.
func TestRestoreRefusedByOkta(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) {
		opt.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPost {
				return http.DefaultTransport.RoundTrip(r)
			}
			rec := httptest.NewRecorder()
			rec.Header().Set("Content-Type", "application/json")
			rec.WriteHeader(http.StatusBadRequest)
			_, _ = rec.WriteString(`{"errorCode":"E0000001","errorSummary":"Api validation failed: secondEmail a@b.example"}`)
			return rec.Result(), nil
		})
	})
	a := holds.Action{Kind: holds.RestoreProfile, Account: oktasim.Engineer, Object: "secondEmail", Before: &holds.Snapshot{Contacts: map[string]string{"secondEmail": "a@b.example"}}}
	if r := does(t, o, a, holds.Refused); strings.Contains(r.Detail, "a@b.example") || !strings.Contains(r.Detail, "by hand") {
		t.Errorf("%s", r.Detail)
	}
}

func TestG13ScopesOfSingleReverts(t *testing.T) {
	needs := map[holds.ActionKind]string{
		holds.DisableDevice: scopeDevices, holds.RevokeToken: scopeTokens, holds.DeactivateIDP: scopeIDPs,
	}
	for kind, scope := range needs {
		t.Run(string(kind), func(t *testing.T) {
			granted := appOrg(t, nil)
			a := reverts()[kind](t, granted)
			does(t, granted, a, holds.Applied)
			observes(t, granted, a, true)

			// Without the scope everything else goes on.
			lacking := appOrgWith(t, defaultScopes(), nil)
			a = reverts()[kind](t, lacking)
			_, err := lacking.Do(t.Context(), a)
			wantForbidden(t, err, scope)
			_, err = lacking.Observe(t.Context(), a)
			wantForbidden(t, err, scope)
			does(t, lacking, holds.Action{Kind: holds.JoinRestraintGroup, Account: oktasim.Engineer}, holds.Applied)

			// Scopes that somebody chose are not gone beyond.
			chosen := appOrg(t, func(_ *org, opt *Options) { opt.Scopes = []string{"okta.users.manage", "okta.groups.manage"} })
			a = reverts()[kind](t, chosen)
			was := len(chosen.Journal())
			_, err = chosen.Do(t.Context(), a)
			wantForbidden(t, err, scope)
			if len(chosen.Journal()) != was {
				t.Error("a scope was asked for that is not configured")
			}
		})
	}
}

func TestRevertsFitOktasDescription(t *testing.T) {
	spec := oktaspec.Load(t)
	for kind, make := range reverts() {
		t.Run(string(kind), func(t *testing.T) {
			o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Base = spec.Transport(t, http.DefaultTransport) })
			a := make(t, o)
			observes(t, o, a, false)
			does(t, o, a, holds.Applied)
			observes(t, o, a, true)
		})
	}
}
