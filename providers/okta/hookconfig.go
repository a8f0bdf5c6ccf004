package okta

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// hookEvents are the event types that our event hook should be subscribed to: those
// that can be, of the changes to single accounts that must be restrained at once,
// and of our own footing. Everything else comes with the poller.
func hookEvents() []string {
	return []string{
		"user.mfa.factor.reset_all", "user.mfa.factor.deactivate", "user.mfa.factor.activate", "user.mfa.factor.update",
		"user.mfa.factor.suspend", "user.mfa.factor.unsuspend", "user.account.update_profile", "user.account.reset_password",
		"user.account.update_password", "user.lifecycle.unsuspend", "user.account.privilege.grant", "group.privilege.grant",
		"app.oauth2.client.privilege.grant", "iam.resourceset.bindings.add", "system.api_token.create", "system.idp.lifecycle.create",
		"system.idp.lifecycle.update", "system.idp.lifecycle.activate", "device.enrollment.create", "policy.lifecycle.update",
		"policy.lifecycle.deactivate", "policy.rule.update", "policy.rule.deactivate", "policy.rule.delete",
		"system.log_stream.lifecycle.deactivate",
	}
}

// HookAdvice is what to check when changes that the event hook should tell come by
// the System Log alone
// (https://developer.okta.com/docs/concepts/event-hooks/).
const HookAdvice = "At Okta, check that our event hook is active and verified and subscribed to these types, and look in the System Log for " +
	"event_hook.delivery, which tells of deliveries that failed, and for a warning that the day's 400,000 deliveries are used up: beyond them " +
	"Okta delivers nothing until the next day, and somebody may have burnt them on purpose. Check also that our address answers from outside within three seconds."

// hookAnswer is an event hook as Okta describes it
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/).
type hookAnswer struct {
	Status       string `json:"status"`
	Verification string `json:"verificationStatus"`
	Events       struct {
		Items []string `json:"items"`
	} `json:"events"`
	Channel struct {
		Config struct {
			URI string `json:"uri"`
		} `json:"config"`
	} `json:"channel"`
}

// Listening reads our event hook's own configuration and says what keeps it from
// telling us of changes: that it is gone, switched off, not verified, pointed to
// another address, or no longer subscribed to what matters. It is empty when all
// is well, and when it is not configured which hook is ours. Whoever switches the
// hook off is in the System Log, too; this finds it also where that record was
// missed.
func (c *Client) Listening(ctx context.Context) (trouble string, err error) {
	if c.opt.HookID == "" {
		return "", nil
	}
	var h hookAnswer
	resp, err := c.callWith(ctx, scopeHooks, http.MethodGet, "/api/v1/eventHooks/"+url.PathEscape(c.opt.HookID), &h)
	err = c.failed(resp, err, "read its event hook", scopeHooks)
	if holds.KindOf(err) == holds.NotFound {
		return "Okta no longer has our event hook " + c.opt.HookID + ". Changes are found by the poller alone. Create the hook anew.", nil
	}
	if err != nil {
		return "", err
	}
	if h.Status == "" {
		return "", holds.Refuse(holds.Unavailable, "Okta's description of our event hook could not be read.")
	}
	return c.hookTrouble(h), nil
}

func (c *Client) hookTrouble(h hookAnswer) string {
	var out []string
	if h.Status != "ACTIVE" {
		out = append(out, "it is switched off ("+providers.Plain(h.Status, 20)+")")
	}
	if h.Verification != "VERIFIED" {
		out = append(out, "its address is not verified, so Okta delivers nothing to it")
	}
	if c.opt.HookURL != "" && h.Channel.Config.URI != c.opt.HookURL {
		out = append(out, "it calls another address than ours ("+c.opt.HookURL+")")
	}
	var missing []string
	for _, e := range hookEvents() {
		if !slices.Contains(h.Events.Items, e) {
			missing = append(missing, e)
		}
	}
	if len(missing) > 0 {
		out = append(out, "it is not subscribed to "+strings.Join(missing, ", "))
	}
	if len(out) == 0 {
		return ""
	}
	return "Our event hook " + c.opt.HookID + " does not tell us of every change: " + strings.Join(out, "; ") + ". The poller finds them later. Set the hook right at Okta."
}
