package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Do makes one change to one account, or to a thing beside it. It reads the state
// first: what is already so is Already, which a release later leaves alone. It
// makes the changing call at most once; an error of kind Unavailable after it
// means that the call may have taken effect and must be read back.
//
// Ids that are not of Okta's form are refused before any call. Actions on a device,
// an API token or an identity provider need no account, which may be gone by then.
func (c *Client) Do(ctx context.Context, a holds.Action) (holds.Result, error) {
	do := map[holds.ActionKind]func(context.Context, holds.Action) (holds.Result, error){
		holds.JoinRestraintGroup:  c.join,
		holds.LeaveRestraintGroup: c.leave,
		holds.ClearSessions:       c.clearSessions,
		holds.SuspendAccount:      c.suspend,
		holds.UnsuspendAccount:    c.unsuspend,
		holds.RemoveRole:          c.removeRole,
		holds.RemoveFactor:        c.removeFactor,
		holds.LeaveGroup:          c.leaveGroup,
		holds.RestoreProfile:      c.restoreProfile,
		holds.DisableDevice:       c.disableDevice,
		holds.RevokeToken:         c.revokeToken,
		holds.DeactivateIDP:       c.deactivateIDP,
		holds.RevokeConsent:       c.noConsent,
		holds.RemoveCredential:    c.noCredential,
	}[a.Kind]
	if do == nil {
		return holds.Result{}, holds.Refuse(holds.Invalid, "Okta has no action %s.", quoted(string(a.Kind)))
	}
	if err := checkAction(a); err != nil {
		return holds.Result{}, err
	}
	r, err := do(ctx, a)
	if holds.KindOf(err) == holds.NotFound {
		r, err = holds.Result{Status: holds.Gone, Detail: "The account no longer exists at Okta."}, nil
	}
	if errors.Is(err, errNoFeature) {
		r, err = holds.Result{Status: holds.Refused, Detail: holds.Say(err)}, nil
	}
	if err != nil {
		return holds.Result{}, err
	}
	r.At = c.opt.Now().UTC()
	if r.Status == holds.Applied && slices.Contains([]holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount}, a.Kind) {
		r.EffectiveBy = r.At.Add(c.opt.TokenLife)
	}
	return r, nil
}

// checkAction refuses ids that are none, before any call.
func checkAction(a holds.Action) error {
	if a.Account != "" || a.Kind.Shown() {
		if err := checkID("account", a.Account); err != nil {
			return err
		}
	}
	if what := objectOf(a.Kind); what != "" {
		return checkID(what, a.Object)
	}
	return nil
}

// objectOf says what the id in an action's Object is the id of; "" where there is
// none, or it is no id.
func objectOf(k holds.ActionKind) string {
	switch k {
	case holds.RemoveRole:
		return "role assignment"
	case holds.RemoveFactor:
		return "factor"
	case holds.LeaveGroup:
		return "group"
	case holds.DisableDevice:
		return "device"
	case holds.RevokeToken:
		return "API token"
	case holds.DeactivateIDP:
		return "identity provider"
	case holds.JoinRestraintGroup, holds.LeaveRestraintGroup, holds.ClearSessions, holds.SuspendAccount, holds.UnsuspendAccount,
		holds.RestoreProfile, holds.RevokeConsent, holds.RemoveCredential:
	}
	return ""
}

func applied(format string, args ...any) holds.Result {
	return holds.Result{Status: holds.Applied, Detail: fmt.Sprintf(format, args...)}
}

func already(detail string) (holds.Result, error) {
	return holds.Result{Status: holds.Already, Detail: detail}, nil
}

func refusedBy(detail string) (holds.Result, error) {
	return holds.Result{Status: holds.Refused, Detail: detail}, nil
}

// changed types the answer of a changing call.
func (c *Client) changed(resp *sdk.Response, err error, doing, scope string) error {
	if err := c.failed(resp, err, doing, scope); err != nil {
		return err
	}
	return emptyAnswer(resp)
}

// clearSessions ends Okta's sessions, revokes OAuth tokens and forgets trusted
// devices. Sessions cannot be listed, so it is done whether or not there are any.
// It does not end sessions that applications keep of their own
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserSessions/).
func (c *Client) clearSessions(ctx context.Context, a holds.Action) (holds.Result, error) {
	path := "/api/v1/users/" + url.PathEscape(a.Account) + "/sessions?oauthTokens=true&forgetDevices=true"
	resp, err := c.call(ctx, http.MethodDelete, path, nil)
	if err := c.changed(resp, err, "end an account's sessions", "okta.users.manage"); err != nil {
		return holds.Result{}, err
	}
	return applied("Okta sessions and OAuth tokens are revoked. Access tokens that an application checks by itself live up to %s; sessions an application keeps of its own end when it ends them.", hours(c.opt.TokenLife)), nil
}

// suspend works on ACTIVE accounts alone: after an administrator's password
// reset an account is in RECOVERY, and Okta refuses.
func (c *Client) suspend(ctx context.Context, a holds.Action) (holds.Result, error) {
	s, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	switch s.Status {
	case holds.StatusSuspended:
		return already("The account was suspended before.")
	case holds.StatusDeleted:
		return already("The account is deactivated, which is more than suspended.")
	case holds.StatusInactive:
		return refusedBy("Okta suspends only ACTIVE accounts; this one is " + s.VendorStatus + ".")
	case holds.StatusActive:
	}
	resp, err := c.sdk().User.SuspendUser(ctx, url.PathEscape(a.Account))
	if inStatus(resp, err) {
		return refusedBy("Okta refused to suspend the account in its present status.")
	}
	if err := c.changed(resp, err, "suspend an account", "okta.users.manage"); err != nil {
		return holds.Result{}, err
	}
	return applied("The account is suspended."), nil
}

func (c *Client) unsuspend(ctx context.Context, a holds.Action) (holds.Result, error) {
	s, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if s.Status != holds.StatusSuspended {
		return already("The account was not suspended; it is " + s.VendorStatus + ".")
	}
	resp, err := c.sdk().User.UnsuspendUser(ctx, url.PathEscape(a.Account))
	if inStatus(resp, err) {
		return refusedBy("Okta refused to unsuspend the account in its present status.")
	}
	if err := c.changed(resp, err, "unsuspend an account", "okta.users.manage"); err != nil {
		return holds.Result{}, err
	}
	return applied("The account is no longer suspended."), nil
}

// inStatus recognises Okta's refusals that are about the account's status:
// E0000001 (validation) and E0000038, which comes with 403 but is not about our
// credential (https://developer.okta.com/docs/reference/error-codes/).
func inStatus(resp *sdk.Response, err error) bool {
	if resp == nil || resp.Response == nil || resp.StatusCode >= 500 {
		return false
	}
	code := codeOf(err)
	return code == "E0000038" || code == "E0000001"
}

func (c *Client) removeRole(ctx context.Context, a holds.Action) (holds.Result, error) {
	roles, err := c.roles(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	i := slices.IndexFunc(roles, func(r holds.Role) bool { return r.ID == a.Object })
	if i < 0 {
		return already("The account did not have this role assignment.")
	}
	r := roles[i]
	if r.ViaGroup {
		return refusedBy("The role " + r.Name + " comes from a group. Take the account out of the group, or the role from the group.")
	}
	resp, err := c.sdk().User.RemoveRoleFromUser(ctx, url.PathEscape(a.Account), url.PathEscape(a.Object))
	if err := c.changed(resp, err, "take an administrator role away", "okta.roles.manage"); err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The role %s is removed.", r.Name), nil
}

// readBack keeps the loss of a role or factor between our reading and our call
// from reading as the loss of the account.
func readBack(err error) error {
	if holds.KindOf(err) != holds.NotFound {
		return err
	}
	return holds.Because(holds.Unavailable, err, "It was gone when Countersign came to remove it. Read it back.")
}

// removeFactor un-enrols one factor. Okta removes every Okta Verify factor of
// the account with a push or signed_nonce one, whichever device it is on
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/unenrollFactor).
func (c *Client) removeFactor(ctx context.Context, a holds.Action) (holds.Result, error) {
	factors, err := c.listFactors(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	i := slices.IndexFunc(factors, func(f factorAnswer) bool { return f.ID == a.Object })
	if i < 0 {
		return already("The account did not have this factor.")
	}
	resp, err := c.sdk().UserFactor.DeleteFactor(ctx, url.PathEscape(a.Account), url.PathEscape(a.Object))
	if inStatus(resp, err) {
		return refusedBy("Okta refused to remove the factor in the account's present status.")
	}
	if err := c.changed(resp, err, "remove a factor", "okta.users.manage"); err != nil {
		return holds.Result{}, readBack(err)
	}
	detail := "The factor " + label(factors[i]) + " is removed."
	if also := goesToo(factors[i], factors); len(also) > 0 {
		detail += " Okta removed with it: " + strings.Join(also, ", ") + "."
	}
	return applied("%s", detail), nil
}

// goesToo lists what else Okta un-enrols with a factor.
func goesToo(f factorAnswer, all []factorAnswer) []string {
	if f.Type != "push" && f.Type != "signed_nonce" {
		return nil
	}
	var out []string
	for _, o := range all {
		if o.ID != f.ID && o.Provider == "OKTA" && slices.Contains([]string{"push", "signed_nonce", "token:software:totp"}, o.Type) {
			out = append(out, label(o))
		}
	}
	slices.Sort(out)
	return out
}

func label(f factorAnswer) string {
	kind := providers.Plain(f.Type, 40)
	if n := factorName(f); n != "" {
		return kind + " (" + n + ")"
	}
	return kind
}
