package okta

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// TestR26ToR34Catalogue pins what every event type of the table means by itself,
// so that a reviewer can read it in one place.
func TestR26ToR34Catalogue(t *testing.T) {
	x := offline()
	byClass := map[holds.Class][]string{}
	for name, k := range x.kinds {
		line := fmt.Sprintf("%-62s %s", name, k.verb)
		for _, more := range []struct {
			set  bool
			text string
		}{{k.wide, "wide"}, {k.self, "self"}, {k.undo != "", "undo=" + string(k.undo)}, {k.echo != "", "echo=" + string(k.echo)}} {
			if more.set {
				line += " " + more.text
			}
		}
		byClass[k.class] = append(byClass[k.class], line)
	}
	var b strings.Builder
	for _, c := range []holds.Class{
		holds.PasswordReset, holds.MFAChange, holds.RecoveryChange, holds.RoleActivation, holds.VaultRecovery, holds.RemoteAccess,
		holds.DeviceRegistration, holds.EmergencyAccess, holds.OtherTakeover, holds.Tamper, holds.None,
	} {
		slices.Sort(byClass[c])
		fmt.Fprintf(&b, "%s\n  %s\n", c, strings.Join(byClass[c], "\n  "))
		delete(byClass, c)
	}
	if len(byClass) > 0 {
		t.Errorf("classes that no event type of Okta has: %v", byClass)
	}
	golden := filepath.Join("testdata", "catalogue.golden.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the catalogue differs from %s (-want +got):\n%s", golden, diff)
	}
}

// published is a file beside the repository; the test is left out where it is absent.
func published(t *testing.T, parts ...string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("there is no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	file := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published data is not beside this repository (" + filepath.Join(parts...) + ")")
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// meantOtherwise are event types that stand under a request type in the notes on
// Okta's catalogue, but by themselves hand nothing to anybody, with the reason.
func meantOtherwise() map[string]string {
	const message, prompt, over = "a message; what is done with it is written by itself", "a prompt or attempt; what it leads to is written by itself", "access ends"
	return map[string]string{
		"user.account.use_token": "an invalid token, which lets nobody in", "system.email.password_reset.sent_message": message,
		"system.sms.send_password_reset_message": message, "system.voice.send_password_reset_call": message,
		"system.email.account_unlock.sent_message": message, "user.mfa.promote_enrollment": prompt,
		"user.mfa.okta_verify.deny_push": "a person refused", "system.mfa.factor.activate": "one more factor to choose from",
		"system.mfa.preregister.initiate": prompt, "system.email.mfa_enroll_notification.sent_message": message,
		"system.email.mfa_reset_notification.sent_message": message, "user.identity_verification": prompt, "user.identity_verification.start": prompt,
		"user.account.update_user_type": "changes the form of the profile", "system.sms.send_phone_verification_message": message,
		"system.voice.send_phone_verification_call": message, "system.agent.ad.update_user": "written at each sign-in; what changed is written by itself",
		"system.agent.ldap.update_user":     "written at each sign-in; what changed is written by itself",
		"directory.app_user_profile.update": "an application's copy of the profile", "user.account.privilege.revoke": over, "group.privilege.revoke": over,
		"iam.role.create": "nobody has the role yet", "iam.resourceset.create": "nobody has power over it yet", "security.protected_action.attempt": prompt,
		"device.user.remove": over, "system.email.new_device_notification.sent_message": message, "user.session.impersonation.end": over,
		"user.session.impersonation.revoke": over, "support.org.view": "Okta's staff looked at a page", "system.api_token.revoke": over,
		"user.session.access_admin_app": "a sign-in", "system.feature.ea_auto_enroll": "changes no access",
		"event_hook.created": "another hook takes nothing from ours", "event_hook.verified": "the hook works", "event_hook.delivery": "the poller reads what a hook misses",
		"inline_hook.executed": "an answer to one call", "system.org.rate_limit.violation": "written by the thousand", "system.operation.rate_limit.violation": "written by the thousand",
	}
}

// Every type of the published catalogue that stands under a request type, a
// takeover or tampering means that here, or has a reason not to; and no type of it
// is left unclassified.
func TestR26ToR34PublishedCatalogue(t *testing.T) {
	var doc struct {
		Rows []struct {
			Class     string `json:"class"`
			EventType string `json:"eventType"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(published(t, "specs", "okta-event-types.json"), &doc); err != nil {
		t.Fatal(err)
	}
	classes := map[string][]holds.Class{
		"1": {holds.PasswordReset}, "2": {holds.MFAChange}, "3": {holds.RecoveryChange, holds.RemoteAccess}, "4": {holds.RoleActivation},
		"6": {holds.VaultRecovery}, "7": {holds.RemoteAccess}, "8": {holds.DeviceRegistration}, "9": {holds.EmergencyAccess, holds.OtherTakeover},
		"0": {holds.Tamper, holds.None},
	}
	x, reasons := offline(), meantOtherwise()
	for _, r := range doc.Rows {
		k, known := x.kindOf(r.EventType)
		number, _, _ := strings.Cut(r.Class, " ")
		why, otherwise := reasons[r.EventType]
		delete(reasons, r.EventType)
		switch {
		case !known:
			t.Errorf("%s (%s) is not known", r.EventType, r.Class)
		case otherwise && k.class != holds.None:
			t.Errorf("%s is %s, though %s", r.EventType, k.class, why)
		case !otherwise && !slices.Contains(classes[number], k.class):
			t.Errorf("%s is %s, but stands under %q", r.EventType, k.class, r.Class)
		case !otherwise && strings.HasPrefix(r.Class, "0 tamper") && k.class != holds.Tamper:
			t.Errorf("%s is %s, but stands under %q", r.EventType, k.class, r.Class)
		}
	}
	if len(doc.Rows) < 150 || len(reasons) > 0 {
		t.Errorf("%d types read; reasons for types that are not in the catalogue: %v", len(doc.Rows), reasons)
	}
	for name := range strings.FieldsSeq(string(published(t, "specs", "okta-event-hook-eligible.txt"))) {
		if _, known := x.kindOf(name); !known {
			t.Errorf("%s is left unclassified", name)
		}
	}
}
