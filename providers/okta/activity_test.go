package okta

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
)

// types are what the pages of an activity decode to.
func types(t *testing.T, o *org, pages [][]byte) []string {
	t.Helper()
	var out []string
	for _, p := range pages {
		for _, e := range o.Decode(holds.Delivery{Source: holds.FromPoller, Body: p, Received: time.Now()}) {
			out = append(out, e.Type)
		}
	}
	return out
}

func TestActivityIsWhatSomebodyDidAndWhatWasDoneToThem(t *testing.T) {
	spec := oktaspec.Load(t)
	o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Base = spec.Transport(t, http.DefaultTransport) })
	since := time.Now().Add(-time.Minute)
	for _, tell := range []func() (oktasim.Told, error){
		func() (oktasim.Told, error) { return o.AdminResetsPassword(oktasim.OrgAdmin, oktasim.Engineer) },
		func() (oktasim.Told, error) { return o.ChoosesPassword(oktasim.Engineer, oktasim.From("elsewhere")) },
		func() (oktasim.Told, error) { return o.SignsIn(oktasim.Manager) },
		func() (oktasim.Told, error) { return o.EnrolsFactor(oktasim.Engineer, "webauthn", "Key") },
		func() (oktasim.Told, error) { return o.MakesToken(oktasim.OrgAdmin, "ci") },
	} {
		told, err := tell()
		story(t, told, err)
	}
	for account, want := range map[string][]string{
		oktasim.Engineer: {"user.account.reset_password", "user.account.update_password", "user.mfa.factor.activate"},
		oktasim.OrgAdmin: {"user.account.reset_password", "system.api_token.create"},
		oktasim.Payroll:  nil,
	} {
		pages, complete, err := o.Activity(t.Context(), account, since)
		if got := types(t, o, pages); err != nil || !complete || !slices.Equal(got, want) {
			t.Errorf("%s: %v, complete %v, %v; want %v", account, got, complete, err, want)
		}
	}
	pages, complete, err := o.Activity(t.Context(), oktasim.Engineer, time.Now().Add(time.Minute))
	if len(pages) != 0 || !complete || err != nil {
		t.Errorf("since later: %d pages, complete %v, %v", len(pages), complete, err)
	}
	// Okta keeps ninety days.
	if pages, complete, err = o.Activity(t.Context(), oktasim.Engineer, time.Now().Add(-100*24*time.Hour)); len(pages) != 1 || complete || err != nil {
		t.Errorf("since long ago: %d pages, complete %v, %v", len(pages), complete, err)
	}
}

func TestActivityIsBounded(t *testing.T) {
	one := "[" + reset(nil) + "]"
	onward := func(n int) string { return fmt.Sprintf(`<https://acme.okta.com/api/v1/logs?after=%d>; rel="next"`, n) }
	t.Run("more than could be read", func(t *testing.T) {
		var answers []http.HandlerFunc
		for i := range 2 * activityPages {
			answers = append(answers, page(one, onward(i)))
		}
		c, asked := logServer(t, answers...)
		pages, complete, err := c.Activity(t.Context(), oktasim.Engineer, time.Now().Add(-time.Hour))
		if len(pages) != activityPages || complete || err != nil || len(asked()) != activityPages {
			t.Errorf("%d pages in %d calls, complete %v, %v", len(pages), len(asked()), complete, err)
		}
	})
	t.Run("a link that leads back", func(t *testing.T) {
		c, asked := logServer(t, page(one, onward(1)), page(one, onward(1)), page(one, onward(1)))
		pages, complete, err := c.Activity(t.Context(), oktasim.Engineer, time.Now().Add(-time.Hour))
		if len(pages) != 2 || complete || err != nil || len(asked()) != 2 {
			t.Errorf("%d pages in %d calls, complete %v, %v", len(pages), len(asked()), complete, err)
		}
	})
	t.Run("a failure in between", func(t *testing.T) {
		c, _ := logServer(t, page(one, onward(1)), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		pages, complete, err := c.Activity(t.Context(), oktasim.Engineer, time.Now().Add(-time.Hour))
		if pages != nil || complete || holds.KindOf(err) != holds.Unavailable {
			t.Errorf("%d pages, complete %v, %v", len(pages), complete, err)
		}
	})
	t.Run("what is asked", func(t *testing.T) {
		c, asked := logServer(t, page("[]"))
		if _, _, err := c.Activity(t.Context(), oktasim.Engineer, time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(asked()[0])
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if q.Get("filter") != `actor.id eq "`+oktasim.Engineer+`" or target.id eq "`+oktasim.Engineer+`"` || q.Get("until") == "" || q.Get("sortOrder") != "ASCENDING" {
			t.Errorf("asked %v", q)
		}
	})
	c, asked := logServer(t)
	for _, id := range []string{"", "x", `00u" or target.id pr `, "../users"} {
		if _, _, err := c.Activity(t.Context(), id, time.Now()); holds.KindOf(err) != holds.Invalid || len(asked()) > 0 {
			t.Errorf("the account %q: %v", id, err)
		}
	}
}

func TestC8FindByLogin(t *testing.T) {
	spec := oktaspec.Load(t)
	o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Base = spec.Transport(t, http.DefaultTransport) })
	for _, login := range []string{"aiko.tanaka@nordwind.example", "AIKO.Tanaka@Nordwind.example"} {
		got, err := o.Find(t.Context(), login)
		if want := (holds.Account{ID: oktasim.Engineer, Login: "aiko.tanaka@nordwind.example", Name: "Aiko Tanaka"}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", login, got, err)
		}
	}
	for _, login := range []string{"nobody@nordwind.example", "aiko", "aiko.tanaka@nordwind.example.evil", "Aiko Tanaka", "me", "..", oktasim.Engineer} {
		if got, err := o.Find(t.Context(), login); holds.KindOf(err) != holds.NotFound || got != (holds.Account{}) {
			t.Errorf("%q: %+v, %v", login, got, err)
		}
	}
	was := len(o.Journal())
	for _, login := range []string{"", `" or profile.login pr or profile.login eq "`, `a\b`, "a\nb", "a\u200bb", strings.Repeat("a", 101)} {
		if _, err := o.Find(t.Context(), login); holds.KindOf(err) != holds.Invalid {
			t.Errorf("%q: %v", login, err)
		}
	}
	if len(o.Journal()) != was {
		t.Error("a sign-in name that cannot be asked for was asked for")
	}
}

// Somebody who left can do no harm; their name may be somebody else's by now.
func TestFindPassesOverTheDeactivated(t *testing.T) {
	company := oktasim.SmallCompany()
	for i := range company.People {
		if company.People[i].ID == oktasim.Engineer {
			company.People[i].Status = oktasim.Deprovisioned
		}
	}
	o := newOrg(t, oktasim.Options{Company: company}, nil)
	if got, err := o.Find(t.Context(), "aiko.tanaka@nordwind.example"); holds.KindOf(err) != holds.NotFound {
		t.Errorf("%+v, %v", got, err)
	}
}
