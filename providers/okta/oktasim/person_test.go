package oktasim

import (
	"slices"
	"testing"
)

// TestLifecycleStatusRules walks every status through the operations whose
// rules a containment must know.
func TestLifecycleStatusRules(t *testing.T) {
	for _, c := range []struct {
		step string
		from Status
		want int
		code string
		to   Status
	}{
		{"suspend", Active, 200, "", Suspended},
		{"suspend", Recovery, 400, "E0000001", Recovery},
		{"suspend", PasswordExpired, 400, "E0000001", PasswordExpired},
		{"suspend", LockedOut, 400, "E0000001", LockedOut},
		{"suspend", Provisioned, 400, "E0000001", Provisioned},
		{"suspend", Suspended, 400, "E0000001", Suspended},
		{"unsuspend", Suspended, 200, "", Active},
		{"unsuspend", Active, 400, "E0000001", Active},
		{"reset_password", Active, 200, "", Recovery},
		{"reset_password", Suspended, 403, "E0000038", Suspended},
		{"expire_password", Active, 200, "", PasswordExpired},
		{"expire_password", Deprovisioned, 403, "E0000038", Deprovisioned},
		{"unlock", LockedOut, 200, "", Active},
		{"unlock", Active, 403, "E0000032", Active},
		{"activate", Staged, 200, "", Provisioned},
		{"activate", Active, 403, "E0000016", Active},
		{"reset_factors", Recovery, 200, "", Recovery},
		{"reset_factors", Staged, 403, "E0000038", Staged},
		{"deactivate", Suspended, 200, "", Deprovisioned},
		{"deactivate", Deprovisioned, 403, "E0000038", Deprovisioned},
	} {
		t.Run(c.step+" "+string(c.from), func(t *testing.T) {
			company := SmallCompany()
			for i := range company.People {
				if company.People[i].ID == Engineer {
					company.People[i].Status = c.from
				}
			}
			r := newRig(t, Options{Company: company})
			got := r.call(c.want, "POST", "/api/v1/users/"+Engineer+"/lifecycle/"+c.step+"?sendEmail=false", nil)
			if got.code() != c.code {
				t.Errorf("error code %q, want %q", got.code(), c.code)
			}
			if s := r.status(Engineer); s != string(c.to) {
				t.Errorf("status %s, want %s", s, c.to)
			}
			if c.want >= 400 && len(r.Log()) != 0 {
				t.Errorf("a refused call wrote events: %v", r.Log())
			}
		})
	}
}

// TestSessionsOutliveSuspension is the trap for a containment that suspends
// and forgets to clear sessions, or clears them without the OAuth tokens.
func TestSessionsOutliveSuspension(t *testing.T) {
	r := newRig(t, Options{})
	r.call(200, "POST", "/api/v1/users/"+Engineer+"/lifecycle/suspend", nil)
	p, _ := r.Person(Engineer)
	if len(p.Sessions) != 1 || len(p.OAuthTokens) != 1 {
		t.Fatalf("after suspend: %d sessions and %d tokens, want 1 and 1", len(p.Sessions), len(p.OAuthTokens))
	}
	r.call(204, "DELETE", "/api/v1/users/"+Engineer+"/sessions", nil)
	if p, _ = r.Person(Engineer); len(p.Sessions) != 0 || len(p.OAuthTokens) != 1 {
		t.Fatalf("after clearing sessions: %d sessions and %d tokens, want 0 and 1", len(p.Sessions), len(p.OAuthTokens))
	}
	r.call(204, "DELETE", "/api/v1/users/"+Engineer+"/sessions?oauthTokens=true", nil)
	if p, _ = r.Person(Engineer); len(p.OAuthTokens) != 0 {
		t.Fatal("oauthTokens=true left tokens")
	}
	if got := r.last(3); !slices.Equal(got, []string{"user.lifecycle.suspend", "user.session.clear", "user.session.clear"}) {
		t.Errorf("events %v", got)
	}
}

// TestRecoveryEmailChangeWritesTwoEvents: one that hooks deliver and names only
// the attribute, one that only the log has.
func TestRecoveryEmailChangeWritesTwoEvents(t *testing.T) {
	r := newRig(t, Options{})
	r.call(200, "POST", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{"secondEmail": "new@elsewhere.example"}})
	if got := r.last(2); !slices.Equal(got, []string{"user.account.update_profile", "user.account.update_secondary_email"}) {
		t.Fatalf("events %v", got)
	}
	log := r.Log()
	if log[0].DebugContext.DebugData["changedAttributes"] != "secondEmail" {
		t.Errorf("changedAttributes %q", log[0].DebugContext.DebugData["changedAttributes"])
	}
	if log[0].Transaction.ID != log[1].Transaction.ID || log[0].UUID == log[1].UUID {
		t.Error("the two events must share a transaction and not a uuid")
	}
	var u struct{ Profile map[string]any }
	r.call(200, "GET", "/api/v1/users/aiko.tanaka@nordwind.example", nil).decode(t, &u)
	if u.Profile["secondEmail"] != "new@elsewhere.example" || u.Profile["department"] != "Engineering" {
		t.Errorf("profile after a partial update: %v", u.Profile)
	}
}

func TestUpdateRules(t *testing.T) {
	r := newRig(t, Options{})
	t.Run("POST changes nothing when nothing differs", func(t *testing.T) {
		r.call(200, "POST", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{"department": "Engineering"}})
		if len(r.Log()) != 0 {
			t.Errorf("events %v", r.Log())
		}
	})
	t.Run("POST refuses a login in use and a blank e-mail", func(t *testing.T) {
		r.call(400, "POST", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{"login": "mira.haddad@nordwind.example"}})
		r.call(400, "POST", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{"email": nil}})
	})
	t.Run("POST null clears", func(t *testing.T) {
		r.call(200, "POST", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{"mobilePhone": nil}})
		if p, _ := r.Person(Engineer); p.Profile["mobilePhone"] != nil {
			t.Errorf("mobilePhone %v", p.Profile["mobilePhone"])
		}
	})
	t.Run("PUT nulls the rest", func(t *testing.T) {
		r.call(200, "PUT", "/api/v1/users/"+Engineer, map[string]any{"profile": map[string]any{
			"login": "aiko.tanaka@nordwind.example",
			"email": "aiko.tanaka@nordwind.example", "firstName": "Aiko", "lastName": "Tanaka",
		}})
		if p, _ := r.Person(Engineer); p.Profile["department"] != nil || p.Profile["secondEmail"] != nil {
			t.Errorf("PUT kept %v", p.Profile)
		}
	})
}
