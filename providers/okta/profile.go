package okta

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// restoreProfile sets contact attributes back to what the before-image has, by a
// partial update: attributes that are not named stay as they are. (PUT would clear
// them, see
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/updateUser.)
// An attribute that was empty before is cleared.
func (c *Client) restoreProfile(ctx context.Context, a holds.Action) (holds.Result, error) {
	names, err := restorable(a)
	if err != nil {
		return holds.Result{}, err
	}
	if why := notKept(a, names); why != "" {
		return refusedBy(why)
	}
	now, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if inForce, _ := holds.InForce(a, now); inForce {
		return already("The attributes had their earlier values.")
	}
	profile := map[string]any{}
	for _, name := range names {
		profile[name] = nil
		if v := a.Before.Contacts[name]; v != "" {
			profile[name] = v
		}
	}
	var after struct {
		ID      string         `json:"id"`
		Profile map[string]any `json:"profile"`
	}
	resp, err := send(ctx, c.sdk(), http.MethodPost, "/api/v1/users/"+url.PathEscape(a.Account), map[string]any{"profile": profile}, &after)
	if inStatus(resp, err) {
		return refusedBy("Okta refused the earlier values of " + strings.Join(names, ", ") + ": an application or directory may be the source of the profile, or another account may have the value now. Set them by hand.")
	}
	if err := c.failed(resp, err, "restore attributes of a profile", "okta.users.manage"); err != nil {
		return holds.Result{}, readBack(err)
	}
	if after.ID != a.Account || !agrees(after.Profile, profile) {
		return holds.Result{}, odd("the account with its attributes restored")
	}
	return applied("The attributes %s have their earlier values again.", strings.Join(names, ", ")), nil
}

// restorable are the attributes an action names. Only those a snapshot keeps can be
// restored: they are what accounts are recovered by.
func restorable(a holds.Action) ([]string, error) {
	if a.Before == nil {
		return nil, holds.Refuse(holds.Invalid, "There is no before-image to restore the attributes from.")
	}
	names := strings.Split(a.Object, ",")
	for _, name := range names {
		if !isAttribute(name) || !kept(name) {
			return nil, holds.Refuse(holds.Invalid, "The attribute %s is not one that Countersign restores.", quoted(name))
		}
	}
	if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
		return nil, holds.Refuse(holds.Invalid, "An attribute is named twice.")
	}
	return names, nil
}

// notKept says why a before-image cannot give an attribute back as it was.
func notKept(a holds.Action, names []string) string {
	for _, name := range names {
		v := a.Before.Contacts[name]
		switch {
		case v == "" && name == "email":
			return "The before-image has no primary e-mail, and Okta's accounts cannot be without one. Set it by hand."
		case strings.ContainsRune(v, utf8.RuneError) || utf8.RuneCountInString(v) > longest:
			return "The earlier value of " + name + " was not kept letter by letter. Set it by hand."
		}
	}
	return ""
}

// agrees tells whether a profile has the values that were sent.
func agrees(profile, sent map[string]any) bool {
	for name, want := range sent {
		if profile[name] != want && (want != nil || profile[name] != "") {
			return false
		}
	}
	return true
}

// kept tells whether a snapshot keeps an attribute of the profile.
func kept(attribute string) bool {
	return attribute != "login" && recovers(attribute)
}

// isAttribute tells whether a text has the form of an attribute's name.
func isAttribute(name string) bool {
	return name != "" && len(name) <= 80 && strings.IndexFunc(name, func(r rune) bool { return !isWord(r) && r != '_' }) < 0
}
