package oktasim

import (
	"slices"
	"strings"
	"testing"
)

func factorTypes(r *rig, person string) []string {
	p, _ := r.Person(person)
	var out []string
	for _, f := range p.Factors {
		out = append(out, f.Type)
	}
	return out
}

// TestDeletingPushRemovesAllOktaVerify is the trap for a revert that deletes
// the attacker's phone and takes the owner's with it.
func TestDeletingPushRemovesAllOktaVerify(t *testing.T) {
	for _, c := range []struct {
		kind string
		left []string
	}{
		{"push", []string{"webauthn"}},
		{"signed_nonce", []string{"webauthn"}},
		{"token:software:totp", []string{"push", "signed_nonce", "webauthn", "push", "signed_nonce", "token:software:totp"}},
		{"webauthn", []string{"push", "signed_nonce", "token:software:totp", "push", "signed_nonce", "token:software:totp"}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			r := newRig(t, Options{})
			if _, err := r.EnrolsFactor(CEO, "okta_verify", "A second phone"); err != nil {
				t.Fatal(err)
			}
			before := len(r.Log())
			r.call(204, "DELETE", "/api/v1/users/"+CEO+"/factors/"+factorOf(t, r, CEO, c.kind), nil)
			if got := factorTypes(r, CEO); !slices.Equal(got, c.left) {
				t.Errorf("left %v, want %v", got, c.left)
			}
			removed := 7 - len(c.left)
			if got := len(r.Log()) - before; got != removed {
				t.Errorf("%d events for %d removed factors", got, removed)
			}
		})
	}
}

// TestResetAllShape: one reset_all and one deactivate for each factor, in one
// transaction; the factor is a target on Identity Engine, a text on Classic.
func TestResetAllShape(t *testing.T) {
	for _, engine := range []Engine{IdentityEngine, Classic} {
		t.Run(string(engine), func(t *testing.T) {
			r := newRig(t, Options{Engine: engine})
			had := len(factorTypes(r, FinanceLead))
			told, err := r.HelpDeskResetsFactors(HelpDesk, FinanceLead)
			if err != nil {
				t.Fatal(err)
			}
			if len(told.Events) != had+1 || told.Events[0].EventType != "user.mfa.factor.reset_all" {
				t.Fatalf("%d events, first %s; want %d", len(told.Events), told.Events[0].EventType, had+1)
			}
			for _, e := range told.Events {
				if e.Transaction.ID != told.Transaction || e.Actor.ID != HelpDesk || e.Target[0].ID != FinanceLead {
					t.Errorf("transaction %s, actor %s, target %s", e.Transaction.ID, e.Actor.ID, e.Target[0].ID)
				}
			}
			first := told.Events[1]
			if engine == Classic {
				if len(first.Target) != 1 || first.Outcome.Reason == nil || *first.Outcome.Reason != "User reset OKTA_VERIFY_PUSH factor" {
					t.Errorf("classic shape: %+v", first)
				}
				return
			}
			if first.Outcome.Reason != nil || len(first.Target) != 2 || first.Target[1].Type != "AuthenticatorEnrollment" ||
				first.Target[1].DisplayName != "Okta Verify" || first.Target[1].DetailEntry["methodTypeUsed"] != "Get a push notification" {
				t.Errorf("identity engine shape: %+v", first)
			}
		})
	}
}

func TestEnrolment(t *testing.T) {
	t.Run("an Okta Verify device has one enrolment and three methods", func(t *testing.T) {
		r := newRig(t, Options{})
		told, err := r.EnrolsFactor(Contractor, "okta_verify", "Pixel", From("elsewhere"))
		if err != nil {
			t.Fatal(err)
		}
		var types, enrolments []string
		for _, e := range told.Events {
			types = append(types, e.EventType)
			for _, x := range e.Target {
				if x.Type == "AuthenticatorEnrollment" && !slices.Contains(enrolments, x.ID) {
					enrolments = append(enrolments, x.ID)
				}
			}
		}
		want := []string{"device.enrollment.create", "user.mfa.factor.activate", "user.mfa.factor.activate", "user.mfa.factor.activate"}
		if !slices.Equal(types, want) || len(enrolments) != 1 {
			t.Errorf("events %v, enrolments %v", types, enrolments)
		}
		if e := told.Events[1]; e.Client.IPAddress != "203.0.113.77" || e.Device["name"] != "Pixel" || !*e.SecurityContext.IsProxy {
			t.Errorf("client %+v, device %v", e.Client, e.Device)
		}
	})
	t.Run("on Classic push and code, told by text", func(t *testing.T) {
		r := newRig(t, Options{Engine: Classic})
		told, err := r.EnrolsFactor(Contractor, "okta_verify", "Pixel")
		if err != nil || len(told.Events) != 2 || *told.Events[0].Outcome.Reason != "User set up OKTA_VERIFY_PUSH factor" {
			t.Errorf("events %+v, %v", told.Events, err)
		}
	})
	t.Run("by API pending until activated", func(t *testing.T) {
		r := newRig(t, Options{})
		const factors = "/api/v1/users/" + Engineer + "/factors"
		var f struct{ ID, Status string }
		r.call(200, "POST", factors, map[string]any{"factorType": "webauthn", "provider": "FIDO"}).decode(t, &f)
		if f.Status != "PENDING_ACTIVATION" || !strings.HasPrefix(f.ID, "fwf") || len(r.Log()) != 0 {
			t.Fatalf("factor %+v, log %v", f, r.Log())
		}
		r.call(200, "POST", factors+"/"+f.ID+"/lifecycle/activate", map[string]any{}).decode(t, &f)
		if f.Status != "ACTIVE" || r.last(1)[0] != "user.mfa.factor.activate" {
			t.Errorf("factor %+v", f)
		}
		r.call(400, "POST", factors+"/"+f.ID+"/lifecycle/activate", map[string]any{})
		r.call(400, "POST", factors, map[string]any{"factorType": "telepathy"})
		r.call(400, "POST", factors, map[string]any{"factorType": "sms", "provider": "FIDO"})
		r.call(404, "GET", factors+"/none", nil)
	})
	t.Run("a second active phone is refused", func(t *testing.T) {
		r := newRig(t, Options{})
		if _, err := r.EnrolsFactor(FinanceLead, "sms", "+15550109999"); err == nil {
			t.Error("a second sms factor was enrolled")
		}
	})
}

func TestRemoveRecoveryEnrollment(t *testing.T) {
	r := newRig(t, Options{})
	sms := "/api/v1/users/" + FinanceLead + "/factors/" + factorOf(t, r, FinanceLead, "sms")
	r.call(204, "DELETE", sms+"?removeRecoveryEnrollment=true", nil)
	if p, _ := r.Person(FinanceLead); p.RecoveryPhone != "" {
		t.Error("the recovery phone stayed")
	}
	r.call(404, "DELETE", sms, nil)
}

// TestPush walks a push through its answers.
func TestPush(t *testing.T) {
	type transaction struct {
		FactorResult string
		Embedded     struct {
			Challenge struct{ CorrectAnswer int }
		} `json:"_embedded"`
		Links struct{ Poll struct{ Href string } } `json:"_links"`
	}
	start := func(t *testing.T, r *rig, body any) transaction {
		var x transaction
		r.call(201, "POST", "/api/v1/users/"+Engineer+"/factors/"+factorOf(t, r, Engineer, "push")+"/verify", body).decode(t, &x)
		return x
	}
	poll := func(t *testing.T, r *rig, x transaction) string {
		var now transaction
		r.call(200, "GET", strings.TrimPrefix(x.Links.Poll.Href, r.url), nil).decode(t, &now)
		return now.FactorResult
	}
	t.Run("approved", func(t *testing.T) {
		r := newRig(t, Options{})
		x := start(t, r, nil)
		if got := poll(t, r, x); got != "WAITING" {
			t.Fatalf("before the answer: %s", got)
		}
		if _, err := r.AnswersPush(Engineer, true, 0); err != nil {
			t.Fatal(err)
		}
		if got := poll(t, r, x); got != "SUCCESS" {
			t.Errorf("after the answer: %s", got)
		}
	})
	t.Run("the wrong number is a rejection", func(t *testing.T) {
		r := newRig(t, Options{})
		x := start(t, r, map[string]any{"useNumberMatchingChallenge": true})
		if _, err := r.AnswersPush(Engineer, true, x.Embedded.Challenge.CorrectAnswer+1); err != nil {
			t.Fatal(err)
		}
		if got := poll(t, r, x); got != "REJECTED" {
			t.Errorf("result %s", got)
		}
	})
	t.Run("the right number", func(t *testing.T) {
		r := newRig(t, Options{})
		x := start(t, r, map[string]any{"useNumberMatchingChallenge": true})
		if _, err := r.AnswersPush(Engineer, true, x.Embedded.Challenge.CorrectAnswer); err != nil {
			t.Fatal(err)
		}
		if got := poll(t, r, x); got != "SUCCESS" {
			t.Errorf("result %s", got)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		c := newClock()
		r := newRig(t, Options{Now: c.now})
		x := start(t, r, nil)
		c.pass(pushLifetime)
		if got := poll(t, r, x); got != "TIMEOUT" {
			t.Errorf("result %s", got)
		}
		if _, err := r.AnswersPush(Engineer, true, 0); err == nil {
			t.Error("a push that timed out was answered")
		}
	})
	t.Run("a denial looks different on each engine", func(t *testing.T) {
		for engine, want := range map[Engine]string{IdentityEngine: "user.authentication.auth_via_mfa", Classic: "user.mfa.okta_verify.deny_push"} {
			r := newRig(t, Options{Engine: engine})
			start(t, r, nil)
			told, err := r.AnswersPush(Engineer, false, 0)
			if err != nil || told.Events[0].EventType != want {
				t.Errorf("%s: %v, %v", engine, told.Events, err)
			}
		}
	})
}
