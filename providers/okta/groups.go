package okta

import (
	"context"
	"net/url"
	"slices"

	"github.com/countersign/countersign/holds"
)

func (c *Client) join(ctx context.Context, a holds.Action) (holds.Result, error) {
	member, err := c.member(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if member {
		return already("The account was in the restraint group before.")
	}
	resp, err := c.sdk().Group.AddUserToGroup(ctx, url.PathEscape(c.opt.RestraintGroup), url.PathEscape(a.Account))
	if err := c.changed(resp, err, "add an account to the restraint group", "okta.groups.manage"); err != nil {
		return holds.Result{}, groupGone(err)
	}
	return applied("The account is in the restraint group: new sign-ins are denied where its rules are in force."), nil
}

func (c *Client) leave(ctx context.Context, a holds.Action) (holds.Result, error) {
	member, err := c.member(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	if !member {
		return already("The account was not in the restraint group.")
	}
	resp, err := c.sdk().Group.RemoveUserFromGroup(ctx, url.PathEscape(c.opt.RestraintGroup), url.PathEscape(a.Account))
	if err := c.changed(resp, err, "take an account out of the restraint group", "okta.groups.manage"); err != nil {
		return holds.Result{}, groupGone(err)
	}
	return applied("The account is out of the restraint group."), nil
}

// leaveGroup takes the account out of another group than ours. Membership that an
// application or a directory decides, and that of everybody, Okta does not change.
func (c *Client) leaveGroup(ctx context.Context, a holds.Action) (holds.Result, error) {
	if a.Object == c.opt.RestraintGroup {
		return refusedBy("This is the restraint group. An account leaves it when its restraint is lifted, and not otherwise.")
	}
	groups, err := c.groups(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	i := slices.IndexFunc(groups, func(g holds.Object) bool { return g.ID == a.Object })
	if i < 0 {
		return already("The account was not in this group.")
	}
	g, resp, err := c.sdk().Group.GetGroup(ctx, url.PathEscape(a.Object))
	if err := c.failed(resp, err, "read a group", "okta.groups.read"); err != nil {
		return holds.Result{}, readBack(err)
	}
	if g == nil || g.Id != a.Object {
		return holds.Result{}, odd("a group")
	}
	if g.Type != "OKTA_GROUP" {
		return refusedBy("An application, a directory or Okta itself decides who is in the group " + groups[i].Name + " (" + shown(g.Type) + "). Take the account out of it there.")
	}
	resp, err = c.sdk().Group.RemoveUserFromGroup(ctx, url.PathEscape(a.Object), url.PathEscape(a.Account))
	if err := c.changed(resp, err, "take an account out of a group", "okta.groups.manage"); err != nil {
		return holds.Result{}, readBack(err)
	}
	return applied("The account is out of the group %s.", groups[i].Name), nil
}

// groupGone keeps a missing restraint group from reading as a missing account,
// which has just been read.
func groupGone(err error) error {
	if holds.KindOf(err) != holds.NotFound {
		return err
	}
	return holds.Because(holds.Unavailable, err, "Okta no longer knows the restraint group or the account. Check that the configured restraint group exists.")
}

// member reads the account, so that a missing one is told from one in no group.
func (c *Client) member(ctx context.Context, account string) (bool, error) {
	groups, err := c.groups(ctx, account)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(groups, func(g holds.Object) bool { return g.ID == c.opt.RestraintGroup }), nil
}
