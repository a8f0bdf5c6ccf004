package okta

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/countersign/countersign/holds"
)

// What came into being beside an account, and how it is made harmless. Each is read
// first and read back by Observe, since no snapshot of an account shows it.

// thing is what is read of a device, an API token or an identity provider.
type thing struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// look reads a thing. exists is false when Okta knows it no longer.
func (c *Client) look(ctx context.Context, scope, path, what string, id string) (t thing, exists bool, err error) {
	resp, err := c.callWith(ctx, scope, http.MethodGet, path+url.PathEscape(id), &t)
	switch err := c.failed(resp, err, "read "+what, scope); {
	case holds.KindOf(err) == holds.NotFound:
		return thing{}, false, nil
	case err != nil:
		return thing{}, false, err
	case t.ID != id:
		return thing{}, false, odd(what)
	}
	return t, true, nil
}

const (
	devicesPath = "/api/v1/devices/"
	tokensPath  = "/api/v1/api-tokens/"
	idpsPath    = "/api/v1/idps/"
)

// disableDevice suspends a device: nothing on it can be used to sign in until
// somebody unsuspends it, and no other factor of the account is touched. See
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/.
func (c *Client) disableDevice(ctx context.Context, a holds.Action) (holds.Result, error) {
	const doing = "suspend a device"
	d, exists, err := c.look(ctx, scopeDevices, devicesPath, "a device", a.Object)
	switch {
	case err != nil:
		return holds.Result{}, err
	case !exists:
		return already("The device no longer exists.")
	case !usable(d):
		return already("The device was " + d.Status + " before.")
	}
	resp, err := c.callWith(ctx, scopeDevices, http.MethodPost, devicesPath+url.PathEscape(a.Object)+"/lifecycle/suspend", nil)
	if inStatus(resp, err) {
		return refusedBy("Okta refused to suspend the device in its present status.")
	}
	if err := c.changed(resp, err, doing, scopeDevices); err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The device is suspended; nothing on it can be used to sign in until somebody unsuspends it."), nil
}

// usable tells whether a device can be used to sign in.
func usable(d thing) bool { return d.Status != "SUSPENDED" && d.Status != "DEACTIVATED" }

// revokeToken revokes an API token, for good. Our own is not revoked: with it we
// could not finish what we are at. See
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApiToken/.
func (c *Client) revokeToken(ctx context.Context, a holds.Action) (holds.Result, error) {
	if slices.Contains(c.opt.OwnTokens, a.Object) {
		return refusedBy("This is Countersign's own API token. Revoke it in Okta's admin console once another is configured.")
	}
	_, exists, err := c.look(ctx, scopeTokens, tokensPath, "an API token", a.Object)
	switch {
	case err != nil:
		return holds.Result{}, err
	case !exists:
		return already("The API token no longer exists.")
	}
	resp, err := c.callWith(ctx, scopeTokens, http.MethodDelete, tokensPath+url.PathEscape(a.Object), nil)
	if err := c.changed(resp, err, "revoke an API token", scopeTokens); err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The API token is revoked."), nil
}

// deactivateIDP deactivates an identity provider: nobody can sign in through it
// until somebody activates it again. See
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/IdentityProvider/.
func (c *Client) deactivateIDP(ctx context.Context, a holds.Action) (holds.Result, error) {
	p, exists, err := c.look(ctx, scopeIDPs, idpsPath, "an identity provider", a.Object)
	switch {
	case err != nil:
		return holds.Result{}, err
	case !exists:
		return already("The identity provider no longer exists.")
	case p.Status == "INACTIVE":
		return already("The identity provider was inactive before.")
	}
	var after thing
	resp, err := c.callWith(ctx, scopeIDPs, http.MethodPost, idpsPath+url.PathEscape(a.Object)+"/lifecycle/deactivate", &after)
	if inStatus(resp, err) {
		return refusedBy("Okta refused to deactivate the identity provider; a rule may still route people to it. Take it out of the rules first.")
	}
	if err := c.failed(resp, err, "deactivate an identity provider", scopeIDPs); err != nil {
		return holds.Result{}, readBack(err)
	}
	if after.ID != a.Object || after.Status != "INACTIVE" {
		return holds.Result{}, odd("the identity provider that was deactivated")
	}
	return applied("The identity provider is inactive; nobody can sign in through it until somebody activates it."), nil
}

// noConsent: people's consents at Okta are given to the organisation's own
// applications, and events do not name the grant.
func (c *Client) noConsent(context.Context, holds.Action) (holds.Result, error) {
	return refusedBy("Okta's events do not name a consent that could be revoked by itself. Revoke it in the admin console, under the account's or the application's consents.")
}

// noCredential: an application's secrets and keys have no id in Okta's events.
func (c *Client) noCredential(context.Context, holds.Action) (holds.Result, error) {
	return refusedBy("Okta's events do not name an application's secret or key so that it could be removed by itself. Deactivate and delete it in the admin console, under the application's client credentials.")
}

// Observe tells whether the effect of an action is there that no snapshot of an
// account shows. What no longer exists can do no more. For any other action the
// error is of kind Invalid: Snapshot shows it, or nothing does.
func (c *Client) Observe(ctx context.Context, a holds.Action) (inForce bool, err error) {
	if err := checkAction(a); err != nil {
		return false, err
	}
	var t thing
	exists := false
	switch a.Kind {
	case holds.DisableDevice:
		t, exists, err = c.look(ctx, scopeDevices, devicesPath, "a device", a.Object)
		return err == nil && (!exists || !usable(t)), err
	case holds.RevokeToken:
		_, exists, err = c.look(ctx, scopeTokens, tokensPath, "an API token", a.Object)
		return err == nil && !exists, err
	case holds.DeactivateIDP:
		t, exists, err = c.look(ctx, scopeIDPs, idpsPath, "an identity provider", a.Object)
		return err == nil && (!exists || t.Status == "INACTIVE"), err
	default:
		return false, holds.Refuse(holds.Invalid, "Okta has nothing beside the account that shows whether %s is in force.", quoted(string(a.Kind)))
	}
}
