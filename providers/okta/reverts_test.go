package okta

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
)

// reverts makes, for every action that undoes what an event names, a change to an
// account or in its time, and the action that undoes it.
func reverts(account string) map[holds.ActionKind]func(t *testing.T, o *org) holds.Action {
	named := func(t *testing.T, o *org, e oktasim.Event) holds.Action {
		t.Helper()
		a := decodeSim(t, o, e).Undo
		if a.Object == "" {
			t.Fatalf("%s does not tell how it is undone", e.EventType)
		}
		a.Account = account
		return a
	}
	return map[holds.ActionKind]func(t *testing.T, o *org) holds.Action{
		holds.LeaveGroup: func(t *testing.T, o *org) holds.Action {
			told, err := o.JoinsGroup(oktasim.ITLead, account, oktasim.FinanceGroup)
			story(t, told, err)
			return named(t, o, told.Events[0])
		},
		holds.DisableDevice: func(t *testing.T, o *org) holds.Action {
			told, err := o.EnrolsFactor(account, "okta_verify", "Pixel")
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
			before, err := o.Snapshot(t.Context(), account)
			if err != nil {
				t.Fatal(err)
			}
			told, err := o.ChangesProfile(oktasim.ITLead, account, map[string]any{"secondEmail": "m@evil.example", "recoveryPhone": "+15550108888", "title": "Boss"})
			story(t, told, err)
			return holds.Action{Kind: holds.RestoreProfile, Account: account, Object: "recoveryPhone,secondEmail", Before: &before}
		},
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

// What is restored is what was named; the rest of the profile stays.
func TestRestoreLeavesTheRest(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	a := reverts(oktasim.Engineer)[holds.RestoreProfile](t, o)
	does(t, o, a, holds.Applied)
	p, _ := o.Person(oktasim.Engineer)
	if p.Profile.Get("title") != "Boss" || p.Profile.Get("secondEmail") != "aiko@home.example" || p.Profile["recoveryPhone"] != nil || p.Profile.Get("mobilePhone") == "" {
		t.Errorf("the profile is %v", p.Profile)
	}
}

// What a revert writes into the log is recognised as ours, and names what it was
// done to where it names no account.
func TestC13RevertsInTheLog(t *testing.T) {
	for kind, make := range reverts(oktasim.Engineer) {
		o := newOrg(t, oktasim.Options{}, nil)
		a := make(t, o)
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
			t.Errorf("%s wrote nothing", kind)
		}
	}
}

// G12: what is gone cannot be undone twice, and needs no undoing.
func TestG12RevertsOfWhatIsGone(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	nobody := "00uNobody00000000000"
	for _, c := range []struct {
		a    holds.Action
		want holds.ResultStatus
	}{
		{holds.Action{Kind: holds.DisableDevice, Object: "guoNobody00000000000"}, holds.Already},
		{holds.Action{Kind: holds.RevokeToken, Object: "00TNobody00000000000"}, holds.Already},
		{holds.Action{Kind: holds.DeactivateIDP, Object: "0oaNobody00000000000"}, holds.Already},
		{holds.Action{Kind: holds.LeaveGroup, Account: oktasim.Engineer, Object: "00gNobody00000000000"}, holds.Already},
		{holds.Action{Kind: holds.LeaveGroup, Account: nobody, Object: oktasim.FinanceGroup}, holds.Gone},
		{holds.Action{Kind: holds.RestoreProfile, Account: nobody, Object: "email", Before: &holds.Snapshot{Contacts: map[string]string{"email": "a@b.example"}}}, holds.Gone},
	} {
		does(t, o, c.a, c.want)
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
			a := reverts(oktasim.Engineer)[kind](t, granted)
			does(t, granted, a, holds.Applied)
			observes(t, granted, a, true)

			// Without the scope everything else goes on.
			lacking := appOrgWith(t, defaultScopes(), nil)
			a = reverts(oktasim.Engineer)[kind](t, lacking)
			_, err := lacking.Do(t.Context(), a)
			wantForbidden(t, err, scope)
			_, err = lacking.Observe(t.Context(), a)
			wantForbidden(t, err, scope)
			does(t, lacking, holds.Action{Kind: holds.JoinRestraintGroup, Account: oktasim.Engineer}, holds.Applied)

			// Scopes that somebody chose are not gone beyond.
			chosen := appOrg(t, func(_ *org, opt *Options) { opt.Scopes = []string{"okta.users.manage", "okta.groups.manage"} })
			a = reverts(oktasim.Engineer)[kind](t, chosen)
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
	for kind, make := range reverts(oktasim.Engineer) {
		t.Run(string(kind), func(t *testing.T) {
			o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Base = spec.Transport(t, http.DefaultTransport) })
			a := make(t, o)
			if !kind.Shown() {
				observes(t, o, a, false)
			}
			does(t, o, a, holds.Applied)
			if !kind.Shown() {
				observes(t, o, a, true)
			}
		})
	}
}
