package oktasim

import (
	"bytes"
	"net/url"
	"slices"
	"testing"
)

// deviceOf is the id of a person's device.
func deviceOf(t *testing.T, r *rig, person string) string {
	t.Helper()
	for _, d := range r.Company().Devices {
		if d.Owner == person {
			return d.ID
		}
	}
	t.Fatalf("%s has no device", person)
	return ""
}

func TestDeviceLife(t *testing.T) {
	r := newRig(t, Options{})
	id := deviceOf(t, r, Engineer)
	d, verify := "/api/v1/devices/"+id, "/api/v1/users/"+Engineer+"/factors/"+factorOf(t, r, Engineer, "push")+"/verify"
	status := func() string {
		var got struct{ Status string }
		r.call(200, "GET", d, nil).decode(t, &got)
		return got.Status
	}
	for _, step := range []struct {
		step string
		want int
		then string
	}{
		{"activate", 400, "ACTIVE"},
		{"unsuspend", 400, "ACTIVE"},
		{"suspend", 204, "SUSPENDED"},
		{"suspend", 400, "SUSPENDED"},
		{"activate", 400, "SUSPENDED"},
		{"unsuspend", 204, "ACTIVE"},
		{"deactivate", 204, "DEACTIVATED"},
		{"suspend", 400, "DEACTIVATED"},
		{"activate", 204, "ACTIVE"},
		{"teleport", 404, "ACTIVE"},
	} {
		r.call(step.want, "POST", d+"/lifecycle/"+step.step, nil)
		if got := status(); got != step.then {
			t.Errorf("after %s: %s, want %s", step.step, got, step.then)
		}
		if step.want == 204 && r.last(1)[0] != "device.lifecycle."+step.step {
			t.Errorf("%s wrote %v", step.step, r.last(1))
		}
	}
	r.call(201, "POST", verify, nil)
	r.call(204, "POST", d+"/lifecycle/suspend", nil)
	r.call(400, "POST", verify, nil)
}

func TestEnrollingOktaVerifyMakesADevice(t *testing.T) {
	r := newRig(t, Options{})
	told, err := r.EnrolsFactor(Contractor, "okta_verify", "Dev's new phone")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Device struct {
			ID      string
			Profile struct{ DisplayName string }
		}
	}
	r.call(200, "GET", "/api/v1/users/"+Contractor+"/devices", nil).decode(t, &list)
	if len(list) != 1 || list[0].Device.Profile.DisplayName != "Dev's new phone" || told.Events[0].Target[0].ID != list[0].Device.ID {
		t.Errorf("devices %+v, event %+v", list, told.Events[0].Target)
	}
	classic := newRig(t, Options{Engine: Classic})
	if got := classic.call(403, "GET", "/api/v1/users/"+Engineer+"/devices", nil); got.code() != "E0000015" || len(classic.Company().Devices) > 0 {
		t.Errorf("Classic has devices: %s", got.raw)
	}
}

func TestTokensActUntilRevoked(t *testing.T) {
	r := newRig(t, Options{})
	told, err := r.MakesToken(OrgAdmin, "ci")
	if err != nil {
		t.Fatal(err)
	}
	id := told.Events[0].Target[0].ID
	theirs := *r
	theirs.token = "SSWS " + r.Token(id)
	theirs.call(200, "GET", "/api/v1/users/"+Engineer, nil)
	got := r.call(200, "GET", "/api/v1/api-tokens/"+id, nil)
	if bytes.Contains(got.raw, []byte(r.Token(id))) {
		t.Error("the API tells a token's value")
	}
	r.call(204, "DELETE", "/api/v1/api-tokens/"+id, nil)
	r.call(404, "DELETE", "/api/v1/api-tokens/"+id, nil)
	theirs.call(401, "GET", "/api/v1/users/"+Engineer, nil)
	if _, err := r.MakesToken(Engineer, "ci"); err == nil {
		t.Error("somebody without a role made a token")
	}
}

func TestIdentityProvidersAreSwitched(t *testing.T) {
	r := newRig(t, Options{})
	told, err := r.AddsIDP(ITLead, "Partner", "https://partner.example")
	if err != nil {
		t.Fatal(err)
	}
	p := "/api/v1/idps/" + told.Events[0].Target[0].ID
	before := len(r.Log())
	for range 2 {
		var got struct{ Status string }
		r.call(200, "POST", p+"/lifecycle/deactivate", nil).decode(t, &got)
		if got.Status != "INACTIVE" {
			t.Errorf("the answer says %s", got.Status)
		}
	}
	if n := len(r.Log()) - before; n != 1 {
		t.Errorf("%d events for one change", n)
	}
	if _, err := r.AddsIDP(HelpDesk, "Evil", "https://evil.example"); err == nil {
		t.Error("help desk added an identity provider")
	}
}

// TestLogOfOnePerson: what somebody did, and what was done to them.
func TestLogOfOnePerson(t *testing.T) {
	r := newRig(t, Options{})
	for _, tell := range []func() (Told, error){
		func() (Told, error) { return r.SignsIn(Engineer) },
		func() (Told, error) { return r.AdminResetsPassword(OrgAdmin, Engineer) },
		func() (Told, error) { return r.SignsIn(Manager) },
		func() (Told, error) { return r.MakesToken(OrgAdmin, "ci") },
	} {
		if _, err := tell(); err != nil {
			t.Fatal(err)
		}
	}
	for person, want := range map[string][]string{
		Engineer: {"user.session.start", "user.account.reset_password"},
		OrgAdmin: {"user.account.reset_password", "system.api_token.create"},
		Manager:  {"user.session.start"},
		Payroll:  {},
	} {
		var got []struct{ EventType string }
		q := url.Values{"since": {"2025-01-01T00:00:00Z"}, "until": {"2100-01-01T00:00:00Z"}, "filter": {`actor.id eq "` + person + `" or target.id eq "` + person + `"`}}
		r.call(200, "GET", "/api/v1/logs?"+q.Encode(), nil).decode(t, &got)
		var types []string
		for _, e := range got {
			types = append(types, e.EventType)
		}
		if !slices.Equal(types, want) && len(types)+len(want) > 0 {
			t.Errorf("%s: %v, want %v", person, types, want)
		}
	}
}
