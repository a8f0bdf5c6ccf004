package entra

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/countersign/countersign/holds"
)

// Do makes one change. It reads the state first: what is already so is Already,
// which a release later leaves alone. It makes the changing call at most once
// (RestoreProfile one for each attribute that is not in the profile itself, each
// read first); an error of kind Unavailable after it means that the call may
// have taken effect and must be read back.
//
// Ids that are not of Graph's form are refused before any call. The objects of
// actions are written so:
//
//	RemoveRole        as in a snapshot's roles
//	RemoveFactor      as in a snapshot's factors, "phone:ID"
//	LeaveGroup        the group's object id
//	DisableDevice     the device's object id (not its device id)
//	RevokeConsent     "delegated:GRANT" or "approle:SERVICEPRINCIPAL/ASSIGNMENT"
//	RemoveCredential  "application:OBJECT/KEY" or "servicePrincipal:OBJECT/KEY"
//	DeactivateIDP     "federation:DOMAIN/ID"
//	RestoreProfile    names of contacts as in a snapshot, parted by commas
func (c *Client) Do(ctx context.Context, a holds.Action) (holds.Result, error) {
	if err := checkAction(a); err != nil {
		return holds.Result{}, err
	}
	do := map[holds.ActionKind]func(context.Context, holds.Action) (holds.Result, error){
		holds.JoinRestraintGroup:  c.join,
		holds.LeaveRestraintGroup: c.leave,
		holds.ClearSessions:       c.clearSessions,
		holds.SuspendAccount:      c.suspend,
		holds.UnsuspendAccount:    c.unsuspend,
		holds.RemoveRole:          c.removeRole,
		holds.RemoveFactor:        c.removeFactor,
		holds.LeaveGroup:          c.leaveGroup,
		holds.DisableDevice:       c.disableDevice,
		holds.RevokeConsent:       c.revokeConsent,
		holds.RemoveCredential:    c.removeCredential,
		holds.DeactivateIDP:       c.deactivateIDP,
		holds.RestoreProfile:      c.restoreProfile,
	}[a.Kind]
	if do == nil {
		return holds.Result{}, holds.Refuse(holds.Invalid, "Microsoft Entra has no action %q.", string(a.Kind))
	}
	r, err := do(ctx, a)
	if isNotFound(err) {
		r, err = holds.Result{Status: holds.Gone, Detail: "What was to be changed no longer exists at Microsoft Entra."}, nil
	}
	if err != nil {
		return holds.Result{}, err
	}
	r.At = c.opt.Now().UTC()
	if r.Status == holds.Applied && slices.Contains([]holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount}, a.Kind) {
		r.EffectiveBy = r.At.Add(c.opt.EffectiveAfter)
	}
	return r, nil
}

// checkAction refuses an account that is none. It is not asked for where a thing
// beside the account is changed, since what an event names need not be anybody's.
func checkAction(a holds.Action) error {
	if !a.Kind.Shown() {
		return nil
	}
	return checkID("account", a.Account)
}

func applied(format string, args ...any) (holds.Result, error) {
	return holds.Result{Status: holds.Applied, Detail: fmt.Sprintf(format, args...)}, nil
}

func already(detail string) (holds.Result, error) {
	return holds.Result{Status: holds.Already, Detail: detail}, nil
}

func refusedBy(format string, args ...any) (holds.Result, error) {
	return holds.Result{Status: holds.Refused, Detail: fmt.Sprintf(format, args...)}, nil
}

func (c *Client) join(ctx context.Context, a holds.Action) (holds.Result, error) {
	in, err := c.in(ctx, a.Account, c.opt.RestraintGroup)
	if err != nil {
		return holds.Result{}, err
	}
	if in {
		return already("The account was in the restraint group before.")
	}
	err = c.send(ctx, need{"add an account to the restraint group", "GroupMember.ReadWrite.All (RoleManagement.ReadWrite.Directory for a group that can have roles)"},
		abs.POST, "/groups/"+url.PathEscape(c.opt.RestraintGroup)+"/members/$ref",
		map[string]string{"@odata.id": c.graph.GetBaseUrl() + "/directoryObjects/" + a.Account}, noContent)
	if f := faultOf(err); f != nil && f.status == 400 && f.says("already exist") {
		return already("Somebody put the account into the restraint group at this very moment.")
	}
	if err != nil {
		return holds.Result{}, groupGone(err)
	}
	return applied("The account is in the restraint group: Conditional Access denies new sign-ins where its policies are in force.")
}

func (c *Client) leave(ctx context.Context, a holds.Action) (holds.Result, error) {
	in, err := c.in(ctx, a.Account, c.opt.RestraintGroup)
	if err != nil {
		return holds.Result{}, err
	}
	if !in {
		return already("The account was not in the restraint group.")
	}
	err = c.leaveGroupByID(ctx, a.Account, c.opt.RestraintGroup, "take an account out of the restraint group")
	if err != nil {
		return holds.Result{}, groupGone(err)
	}
	return applied("The account is out of the restraint group.")
}

func (c *Client) leaveGroupByID(ctx context.Context, account, group, doing string) error {
	return c.send(ctx, need{doing, "GroupMember.ReadWrite.All (RoleManagement.ReadWrite.Directory for a group that can have roles)"},
		abs.DELETE, "/groups/"+url.PathEscape(group)+"/members/"+url.PathEscape(account)+"/$ref", nil, noContent)
}

// groupGone keeps a missing group from reading as a missing account, which has
// just been read.
func groupGone(err error) error {
	if !isNotFound(err) {
		return err
	}
	return holds.Because(holds.Unavailable, err, "Microsoft Entra no longer knows the group or the account in it. Check that the configured restraint group exists.")
}

// in reads the account's groups, so that a missing one is told from one in no
// group.
func (c *Client) in(ctx context.Context, account, id string) (bool, error) {
	all, err := c.groups(ctx, account)
	return slices.ContainsFunc(all, func(g membership) bool { return g.id == id }), err
}

// clearSessions makes every refresh token and browser session issued so far
// worthless. Access tokens live on until an application with continuous access
// evaluation hears of it, or they end
// (https://learn.microsoft.com/graph/api/user-revokesigninsessions).
func (c *Client) clearSessions(ctx context.Context, a holds.Action) (holds.Result, error) {
	err := c.change(ctx, need{"end an account's sessions", "User.RevokeSessions.All"}, member("value", true), func(ctx context.Context) error {
		_, err := c.users().ByUserId(a.Account).RevokeSignInSessions().PostAsRevokeSignInSessionsPostResponse(ctx, nil)
		return err
	})
	if err != nil {
		return holds.Result{}, err
	}
	return applied("All refresh tokens and sessions are revoked. Access tokens end within 15 minutes where applications evaluate access continuously, and within %s elsewhere.", hours(c.opt.EffectiveAfter))
}

func (c *Client) suspend(ctx context.Context, a holds.Action) (holds.Result, error) {
	s, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if s.Status == holds.StatusSuspended {
		return already("The account was disabled before.")
	}
	if synced(s) {
		return refusedBy("The account is synchronised from an on-premises directory, which would enable it again. The restraint group restrains it instead; disable it in Active Directory as well.")
	}
	return c.enable(ctx, a.Account, false, "The account is disabled.")
}

func (c *Client) unsuspend(ctx context.Context, a holds.Action) (holds.Result, error) {
	s, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if s.Status != holds.StatusSuspended {
		return already("The account was not disabled.")
	}
	if synced(s) {
		return refusedBy("The account is synchronised from an on-premises directory. Enable it in Active Directory.")
	}
	return c.enable(ctx, a.Account, true, "The account is enabled again.")
}

func (c *Client) enable(ctx context.Context, account string, on bool, done string) (holds.Result, error) {
	doing := "disable an account"
	if on {
		doing = "enable an account"
	}
	body := sdkmodels.NewUser()
	body.SetAccountEnabled(ptr(on))
	err := c.change(ctx, need{doing, "User.EnableDisableAccount.All"}, entity(account), func(ctx context.Context) error {
		_, err := c.users().ByUserId(account).Patch(ctx, body, nil)
		return err
	})
	if f := faultOf(err); f != nil && f.status == 400 && mastered(f) {
		return refusedBy("The account is synchronised from an on-premises directory; Microsoft Entra refuses to %s here. The restraint group restrains it instead.", doing)
	}
	if err != nil {
		return c.orRank(ctx, account, err)
	}
	return applied("%s", done)
}

// mastered recognises Graph's refusal to change what Active Directory writes.
func mastered(f *fault) bool {
	return f.says("on-premises mastered", "onpremises", "on-premises", "directory sync")
}

// orRank tells a refusal because the account is an administrator's, which is no
// trouble with our credential, from every other one
// (https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions).
func (c *Client) orRank(ctx context.Context, account string, cause error) (holds.Result, error) {
	f := faultOf(cause)
	if f == nil || f.status != 403 {
		return holds.Result{}, cause
	}
	groups, err := c.groups(ctx, account)
	if err != nil {
		return holds.Result{}, cause
	}
	roles, err := c.roles(ctx, account, groups)
	if err != nil || !(holds.Snapshot{Roles: roles}).Privileged() {
		return holds.Result{}, cause
	}
	return refusedBy("The account has administrator roles, and Microsoft Entra lets only Privileged Authentication Administrators change such an account. Give the service principal of Countersign that role, or use the restraint group.")
}

// leaveGroup undoes a membership that an event made.
func (c *Client) leaveGroup(ctx context.Context, a holds.Action) (holds.Result, error) {
	id := strings.ToLower(a.Object)
	if err := checkID("group", id); err != nil {
		return holds.Result{}, err
	}
	if id == c.opt.RestraintGroup {
		return holds.Result{}, holds.Refuse(holds.Invalid, "The restraint group is not left like another group: an account leaves it when its hold is released.")
	}
	in, err := c.in(ctx, a.Account, id)
	if err != nil {
		return holds.Result{}, err
	}
	if !in {
		return already("The account was not in the group.")
	}
	err = c.leaveGroupByID(ctx, a.Account, id, "take an account out of a group")
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to take the account out of the group: its members come from a rule or from an on-premises directory. Change the rule, or the group there.")
	}
	if err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The account is out of the group.")
}

// readBack keeps the loss of a thing between our reading and our call from
// reading as the loss of the account.
func readBack(err error) error {
	if !isNotFound(err) {
		return err
	}
	return holds.Because(holds.Unavailable, err, "It was gone when Countersign came to remove it. Read it back.")
}

// hours writes a duration for people.
func hours(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
