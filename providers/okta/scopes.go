package okta

import (
	"context"
	"errors"
	"slices"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/countersign/countersign/holds"
)

// defaultScopes are what a service app must be granted before it can do anything:
// to read accounts and the log, and to restrain
// (https://developer.okta.com/docs/api/oauth2/).
func defaultScopes() []string {
	return []string{"okta.users.manage", "okta.groups.manage", "okta.roles.manage", "okta.policies.read", "okta.logs.read"}
}

// The scopes of single reverts, and of a look at our hook. Okta refuses an access token as a whole when one
// of its scopes is not granted, so each of these is asked for by itself and not
// before it is needed: a service app without it can do everything else, and the
// call that needs it is Forbidden with the scope's name.
const (
	// scopeDevices is for suspending a device that was enrolled by somebody else.
	scopeDevices = "okta.devices.manage"
	// scopeTokens is for revoking an API token that was made in somebody's name.
	scopeTokens = "okta.apiTokens.manage"
	// scopeIDPs is for deactivating an identity provider that was added.
	scopeIDPs = "okta.idps.manage"
	// scopeHooks is for looking whether our event hook still delivers.
	scopeHooks = "okta.eventHooks.read"
)

// with is the SDK's client for a call that needs a scope beyond the default ones.
func (c *Client) with(scope string) (*sdk.Client, error) {
	if c.opt.Token != "" || slices.Contains(c.opt.Scopes, scope) {
		return c.sdk(), nil
	}
	if !slices.Equal(c.opt.Scopes, defaultScopes()) {
		return nil, holds.Refuse(holds.Forbidden, "This needs the scope %s, which is not among the scopes configured for the service app. Grant it there and add it to the configured scopes.", scope)
	}
	c.mu.Lock()
	api := c.extra[scope]
	c.mu.Unlock()
	if api != nil {
		return api, nil
	}
	api, err := c.connect([]string{scope})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extra[scope] = api
	return api, nil
}

// callWith is call with a scope beyond the default ones. body is sent as JSON; nil
// for none.
func (c *Client) callWith(ctx context.Context, scope, method, path string, v any) (*sdk.Response, error) {
	api, err := c.with(scope)
	if err != nil {
		return nil, err
	}
	return send(ctx, api, method, path, nil, v)
}

// ungranted tells that a scope we asked for is not granted to the service app.
func ungranted(err error) bool {
	var e *sdk.Error
	return errors.As(err, &e) && e.ErrorMessage == "invalid_scope"
}

func (c *Client) ungrantedScope(doing, scope string) string {
	if slices.Contains([]string{scopeDevices, scopeTokens, scopeIDPs, scopeHooks}, scope) && !slices.Contains(c.opt.Scopes, scope) {
		return "Okta does not let Countersign " + doing + ": the service app is not granted the scope " + scope + ". Grant it under the app's Okta API Scopes; an administrator role for it is needed too."
	}
	return "Okta does not let Countersign " + doing + ": one of the scopes the service app asks for is not granted to it. Grant them under the app's Okta API Scopes, or configure fewer."
}
