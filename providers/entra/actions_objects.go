package entra

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	abs "github.com/microsoft/kiota-abstractions-go"
	sdkapps "github.com/microsoftgraph/msgraph-sdk-go/applications"
	sdkdevices "github.com/microsoftgraph/msgraph-sdk-go/devices"
	sdkdomains "github.com/microsoftgraph/msgraph-sdk-go/domains"
	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkgrants "github.com/microsoftgraph/msgraph-sdk-go/oauth2permissiongrants"
	sdkservices "github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	"github.com/countersign/countersign/holds"
)

func badObject(what string) error {
	return holds.Refuse(holds.Invalid, "The id of the %s is not one that Countersign writes; nothing was called.", what)
}

// Observe reads back the actions that no snapshot of an account shows. What no
// longer exists is in force: nobody can use it.
func (c *Client) Observe(ctx context.Context, a holds.Action) (bool, error) {
	var inForce bool
	var err error
	switch a.Kind {
	case holds.DisableDevice:
		var on bool
		on, err = c.deviceEnabled(ctx, a.Object)
		inForce = !on
	case holds.RevokeConsent:
		_, err = c.consent(ctx, a.Object)
	case holds.RemoveCredential:
		var found appKey
		found, err = c.credential(ctx, a.Object)
		inForce = !found.password && !found.certificate
	case holds.DeactivateIDP:
		err = c.federation(ctx, a.Object)
	case holds.JoinRestraintGroup, holds.LeaveRestraintGroup, holds.SuspendAccount, holds.UnsuspendAccount, holds.RemoveRole,
		holds.RemoveFactor, holds.LeaveGroup, holds.RestoreProfile, holds.ClearSessions, holds.RevokeToken:
		return false, holds.Refuse(holds.Invalid, "The action %q is not read back by its object.", string(a.Kind))
	}
	if isNotFound(err) {
		return true, nil
	}
	return inForce && err == nil, err
}

func (c *Client) deviceEnabled(ctx context.Context, id string) (bool, error) {
	if err := checkID("device", id); err != nil {
		return false, err
	}
	var d struct {
		ID      string `json:"id"`
		Enabled *bool  `json:"accountEnabled"`
	}
	err := c.get(ctx, need{"read a device", "Device.Read.All"}, "/devices/"+url.PathEscape(id), url.Values{"$select": {"id,accountEnabled"}}, &d)
	if err == nil && (!strings.EqualFold(d.ID, id) || d.Enabled == nil) {
		err = odd("a device")
	}
	return err == nil && *d.Enabled, err
}

// disableDevice keeps a device from proving itself; it can be enabled again.
func (c *Client) disableDevice(ctx context.Context, a holds.Action) (holds.Result, error) {
	on, err := c.deviceEnabled(ctx, a.Object)
	if err != nil {
		return holds.Result{}, err
	}
	if !on {
		return already("The device was disabled before.")
	}
	body := sdkmodels.NewDevice()
	body.SetAccountEnabled(ptr(false))
	err = c.change(ctx, need{"disable a device", "Device.ReadWrite.All"}, entity(a.Object), func(ctx context.Context) error {
		_, err := sdkdevices.NewDevicesRequestBuilderInternal(c.base(), c.graph).ByDeviceId(a.Object).Patch(ctx, body, nil)
		return err
	})
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to disable the device (%s). Disable it by hand in the Entra admin center.", f.code)
	}
	if err != nil {
		return holds.Result{}, err
	}
	return applied("The device is disabled. Tokens on it end as those of a session do.")
}

// consent reads a grant and gives the call that revokes it.
func (c *Client) consent(ctx context.Context, object string) (revoke func(context.Context) error, err error) {
	kind, id, _ := strings.Cut(object, ":")
	sp, assignment, slash := strings.Cut(id, "/")
	path := ""
	switch {
	case kind == "delegated" && isKey(id):
		path = "/oauth2PermissionGrants/" + url.PathEscape(id)
		revoke = func(ctx context.Context) error {
			return sdkgrants.NewOauth2PermissionGrantsRequestBuilderInternal(c.base(), c.graph).ByOAuth2PermissionGrantId(id).Delete(ctx, nil)
		}
	case kind == "approle" && slash && isGUID(sp) && isKey(assignment):
		id, path = assignment, "/servicePrincipals/"+url.PathEscape(sp)+"/appRoleAssignedTo/"+url.PathEscape(assignment)
		revoke = func(ctx context.Context) error {
			return sdkservices.NewServicePrincipalsRequestBuilderInternal(c.base(), c.graph).ByServicePrincipalId(sp).AppRoleAssignedTo().ByAppRoleAssignmentId(assignment).Delete(ctx, nil)
		}
	default:
		return nil, badObject("consent")
	}
	var got struct {
		ID string `json:"id"`
	}
	if err := c.get(ctx, need{"read a consent", "Directory.Read.All"}, path, nil, &got); err != nil {
		return nil, err
	}
	if got.ID != id {
		return nil, odd("a consent")
	}
	return revoke, nil
}

func (c *Client) revokeConsent(ctx context.Context, a holds.Action) (holds.Result, error) {
	revoke, err := c.consent(ctx, a.Object)
	if isNotFound(err) {
		return already("The application did not have this permission.")
	}
	if err != nil {
		return holds.Result{}, err
	}
	if err := c.change(ctx, need{"revoke a consent", "DelegatedPermissionGrant.ReadWrite.All, AppRoleAssignment.ReadWrite.All"}, noContent, revoke); err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The consent is revoked. Tokens the application already has end within %s.", hours(c.opt.EffectiveAfter))
}

// appKey is where a key of an application was found.
type appKey struct {
	path                  string // of the application or service principal
	service               bool
	object, key           string
	password, certificate bool
	keys                  []json.RawMessage // the other keys, as they came
}

// credential looks for a secret or certificate by its key id.
func (c *Client) credential(ctx context.Context, object string) (appKey, error) {
	kind, rest, _ := strings.Cut(object, ":")
	id, key, _ := strings.Cut(rest, "/")
	out := appKey{object: id, key: key}
	switch {
	case !isGUID(id) || !isGUID(key):
		return out, badObject("credential")
	case kind == "application":
		out.path = "/applications/" + url.PathEscape(id)
	case kind == "servicePrincipal":
		out.path, out.service = "/servicePrincipals/"+url.PathEscape(id), true
	default:
		return out, badObject("credential")
	}
	var app struct {
		ID        string            `json:"id"`
		Passwords []json.RawMessage `json:"passwordCredentials"`
		Keys      []json.RawMessage `json:"keyCredentials"`
	}
	err := c.get(ctx, need{"read an application's credentials", "Application.Read.All"}, out.path, url.Values{"$select": {"id,passwordCredentials,keyCredentials"}}, &app)
	if err == nil && !strings.EqualFold(app.ID, id) {
		err = odd("an application")
	}
	if err != nil {
		return out, err
	}
	out.password = slices.ContainsFunc(app.Passwords, func(raw json.RawMessage) bool { return keyIDOf(raw) == strings.ToLower(key) })
	for _, raw := range app.Keys {
		if keyIDOf(raw) == strings.ToLower(key) {
			out.certificate = true
		} else {
			out.keys = append(out.keys, raw)
		}
	}
	return out, nil
}

func keyIDOf(raw json.RawMessage) string {
	var in struct {
		ID string `json:"keyId"`
	}
	_ = json.Unmarshal(raw, &in) // what cannot be read has no id and is kept
	return strings.ToLower(in.ID)
}

// removeCredential takes a secret or certificate from an application. Graph
// removes a certificate by removeKey only for somebody who holds it, so the list
// is written back without it instead
// (https://learn.microsoft.com/graph/api/application-removekey).
func (c *Client) removeCredential(ctx context.Context, a holds.Action) (holds.Result, error) {
	found, err := c.credential(ctx, a.Object)
	if err != nil {
		return holds.Result{}, err
	}
	n := need{"remove an application's credential", "Application.ReadWrite.All"}
	switch {
	case found.password:
		err = c.change(ctx, n, noContent, c.passwordRemover(found))
	case found.certificate:
		keys := append([]json.RawMessage{}, found.keys...)
		err = c.send(ctx, n, abs.PATCH, found.path, map[string]any{"keyCredentials": keys}, entity(found.object))
	default:
		return already("The application did not have this credential.")
	}
	if err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The credential is removed from the application. Tokens it was used for end within %s.", hours(c.opt.EffectiveAfter))
}

func (c *Client) passwordRemover(found appKey) func(context.Context) error {
	key, err := uuid.Parse(found.key)
	return func(ctx context.Context) error {
		if err != nil {
			return err
		}
		if found.service {
			body := sdkservices.NewItemRemovePasswordPostRequestBody()
			body.SetKeyId(&key)
			return sdkservices.NewServicePrincipalsRequestBuilderInternal(c.base(), c.graph).ByServicePrincipalId(found.object).RemovePassword().Post(ctx, body, nil)
		}
		body := sdkapps.NewItemRemovePasswordPostRequestBody()
		body.SetKeyId(&key)
		return sdkapps.NewApplicationsRequestBuilderInternal(c.base(), c.graph).ByApplicationId(found.object).RemovePassword().Post(ctx, body, nil)
	}
}

// splitFederation takes the object of a federation apart.
func splitFederation(object string) (domain, id string, ok bool) {
	rest, ok := strings.CutPrefix(object, "federation:")
	domain, id, slash := strings.Cut(rest, "/")
	return domain, id, ok && slash && isDomain(domain) && isGUID(id)
}

func isDomain(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.IndexFunc(label, func(r rune) bool { return !isLetter(r) && r != '-' }) >= 0 {
			return false
		}
	}
	return true
}

func (c *Client) federation(ctx context.Context, object string) error {
	domain, id, ok := splitFederation(object)
	if !ok {
		return badObject("identity provider")
	}
	var got struct {
		ID string `json:"id"`
	}
	path := "/domains/" + url.PathEscape(domain) + "/federationConfiguration/" + url.PathEscape(id)
	err := c.get(ctx, need{"read a domain's federation", "Domain.Read.All"}, path, nil, &got)
	if err == nil && !strings.EqualFold(got.ID, id) {
		err = odd("a federation")
	}
	return err
}

// deactivateIDP deletes the federation of a domain by its id. Where an event
// names no id, a person must look: taking the wrong one away locks the whole
// domain out.
func (c *Client) deactivateIDP(ctx context.Context, a holds.Action) (holds.Result, error) {
	if domain, ok := strings.CutPrefix(a.Object, "domain:"); ok && isDomain(domain) {
		return refusedBy("Which federation of the domain is wrong must be told by a person. Look with Get-MgDomainFederationConfiguration -DomainId %s, and take it away with Remove-MgDomainFederationConfiguration, or set the domain back to Managed with Update-MgDomain.", domain)
	}
	err := c.federation(ctx, a.Object)
	if isNotFound(err) {
		return already("The domain did not have this federation.")
	}
	if err != nil {
		return holds.Result{}, err
	}
	domain, id, _ := splitFederation(a.Object)
	err = c.change(ctx, need{"delete a domain's federation", "Domain-InternalFederation.ReadWrite.All"}, noContent, func(ctx context.Context) error {
		return sdkdomains.NewDomainsRequestBuilderInternal(c.base(), c.graph).ByDomainId(domain).FederationConfiguration().ByInternalDomainFederationId(id).Delete(ctx, nil)
	})
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to delete the federation of %s (%s). Set the domain back to Managed by hand: Update-MgDomain -DomainId %s -AuthenticationType Managed.", domain, f.code, domain)
	}
	if err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The federation of %s is deleted. Check with Get-MgDomain that the domain signs in as it did before.", domain)
}
