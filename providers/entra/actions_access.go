package entra

import (
	"context"
	"slices"
	"strings"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/countersign/countersign/holds"
)

// removeRole takes one role away, in the place where it stands.
func (c *Client) removeRole(ctx context.Context, a holds.Action) (holds.Result, error) {
	if !isRole(a.Object) {
		return holds.Result{}, holds.Refuse(holds.Invalid, "The id of the role is not one a snapshot gives; nothing was called.")
	}
	groups, err := c.groups(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	roles, err := c.roles(ctx, a.Account, groups)
	if err != nil {
		return holds.Result{}, err
	}
	i := slices.IndexFunc(roles, func(r holds.Role) bool { return r.ID == a.Object })
	if i < 0 {
		return already("The account did not have this role.")
	}
	r := roles[i]
	if r.ViaGroup {
		return refusedBy("The role %s comes from a group. Take the account out of the group, or the role from the group.", r.Name)
	}
	if err := c.endRole(ctx, a); err != nil {
		return c.roleRefused(err, r)
	}
	return applied("The role %s is removed.", r.Name)
}

func isRole(object string) bool {
	if id, ok := strings.CutPrefix(object, assignedRole); ok {
		return isKey(id)
	}
	_, _, active := splitRole(object, activeRole)
	_, _, eligible := splitRole(object, eligibleRole)
	return active || eligible
}

func (c *Client) endRole(ctx context.Context, a holds.Action) error {
	if id, ok := strings.CutPrefix(a.Object, assignedRole); ok {
		n := need{"take a role away", "RoleManagement.ReadWrite.Directory"}
		return c.change(ctx, n, noContent, func(ctx context.Context) error {
			return c.directory().RoleAssignments().ByUnifiedRoleAssignmentId(id).Delete(ctx, nil)
		})
	}
	// An administrator's removal takes effect at once and asks for no approval
	// (https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignmentschedulerequests).
	why, done := "Undone by Countersign", member("action", "adminRemove", "AdminRemove")
	if definition, scope, ok := splitRole(a.Object, activeRole); ok {
		body := sdkmodels.NewUnifiedRoleAssignmentScheduleRequest()
		body.SetAction(ptr(sdkmodels.ADMINREMOVE_UNIFIEDROLESCHEDULEREQUESTACTIONS))
		body.SetPrincipalId(&a.Account)
		body.SetRoleDefinitionId(&definition)
		body.SetDirectoryScopeId(&scope)
		body.SetJustification(&why)
		return c.change(ctx, need{"end an activated role", "RoleAssignmentSchedule.ReadWrite.Directory"}, done, func(ctx context.Context) error {
			_, err := c.directory().RoleAssignmentScheduleRequests().Post(ctx, body, nil)
			return err
		})
	}
	definition, scope, _ := splitRole(a.Object, eligibleRole)
	body := sdkmodels.NewUnifiedRoleEligibilityScheduleRequest()
	body.SetAction(ptr(sdkmodels.ADMINREMOVE_UNIFIEDROLESCHEDULEREQUESTACTIONS))
	body.SetPrincipalId(&a.Account)
	body.SetRoleDefinitionId(&definition)
	body.SetDirectoryScopeId(&scope)
	body.SetJustification(&why)
	return c.change(ctx, need{"end an eligibility for a role", "RoleEligibilitySchedule.ReadWrite.Directory"}, done, func(ctx context.Context) error {
		_, err := c.directory().RoleEligibilityScheduleRequests().Post(ctx, body, nil)
		return err
	})
}

// roleRefused types the refusal of a removal: PIM keeps an activation for its
// first five minutes, and the last Global Administrator for ever.
func (c *Client) roleRefused(err error, r holds.Role) (holds.Result, error) {
	f := faultOf(err)
	if f == nil || f.status != 400 {
		return holds.Result{}, readBack(err)
	}
	if f.says("ActiveDurationTooShort") {
		return holds.Result{}, holds.Because(holds.Unavailable, err, "Microsoft Entra ends an activated role only after it was active for five minutes. It is tried again.")
	}
	return refusedBy("Microsoft Entra refuses to remove the role %s (%s). Remove it by hand in Privileged Identity Management.", r.Name, f.code)
}

// removeFactor deletes one authentication method at its own kind's address.
func (c *Client) removeFactor(ctx context.Context, a holds.Action) (holds.Result, error) {
	kind, id, ok := strings.Cut(a.Object, ":")
	if !ok || !isWord(kind) || !isKey(id) {
		return holds.Result{}, holds.Refuse(holds.Invalid, "The id of the authentication method is not one a snapshot gives; nothing was called.")
	}
	all, err := c.methods(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	i := slices.IndexFunc(all, func(m method) bool { return m.object() == a.Object })
	if i < 0 {
		return already("The account did not have this authentication method.")
	}
	remove := c.deleter(a.Account, kind, id)
	if remove == nil {
		return refusedBy("Graph has no way to delete a method of the kind %s. Delete it by hand in the Entra admin center, under the account's authentication methods.", kind)
	}
	err = c.change(ctx, need{"delete an authentication method", "UserAuthenticationMethod.ReadWrite.All"}, noContent, remove)
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to delete the method %s (%s): the account's default method cannot be deleted while it is that, nor its phone while there is an alternate one. Delete the others first, or require the account to register anew.", all[i].label(), f.code)
	}
	if err != nil {
		if isNotFound(err) {
			return holds.Result{}, readBack(err)
		}
		return c.orRank(ctx, a.Account, err)
	}
	return applied("The authentication method %s is deleted.", all[i].label())
}

// deleter is the call that deletes a method, nil for kinds that have none.
func (c *Client) deleter(account, kind, id string) func(context.Context) error {
	at := c.users().ByUserId(account).Authentication()
	return map[string]func(context.Context) error{
		"phone": func(ctx context.Context) error {
			return at.PhoneMethods().ByPhoneAuthenticationMethodId(id).Delete(ctx, nil)
		},
		methodEmail: func(ctx context.Context) error {
			return at.EmailMethods().ByEmailAuthenticationMethodId(id).Delete(ctx, nil)
		},
		"fido2": func(ctx context.Context) error {
			return at.Fido2Methods().ByFido2AuthenticationMethodId(id).Delete(ctx, nil)
		},
		"microsoftAuthenticator": func(ctx context.Context) error {
			return at.MicrosoftAuthenticatorMethods().ByMicrosoftAuthenticatorAuthenticationMethodId(id).Delete(ctx, nil)
		},
		"softwareOath": func(ctx context.Context) error {
			return at.SoftwareOathMethods().BySoftwareOathAuthenticationMethodId(id).Delete(ctx, nil)
		},
		"temporaryAccessPass": func(ctx context.Context) error {
			return at.TemporaryAccessPassMethods().ByTemporaryAccessPassAuthenticationMethodId(id).Delete(ctx, nil)
		},
		"windowsHelloForBusiness": func(ctx context.Context) error {
			return at.WindowsHelloForBusinessMethods().ByWindowsHelloForBusinessAuthenticationMethodId(id).Delete(ctx, nil)
		},
		"platformCredential": func(ctx context.Context) error {
			return at.PlatformCredentialMethods().ByPlatformCredentialAuthenticationMethodId(id).Delete(ctx, nil)
		},
	}[kind]
}
