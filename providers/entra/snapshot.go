package entra

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkusers "github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// longest is how many characters of a name are kept, pageSize how many entries
// a page of the directory may have.
const (
	longest  = 256
	pageSize = 100
)

// onPremises says with which attribute an account is known to be written by the
// organisation's own Active Directory, which overwrites what is changed here.
const onPremises = "onPremisesSyncEnabled"

func (c *Client) users() *sdkusers.UsersRequestBuilder {
	return sdkusers.NewUsersRequestBuilderInternal(c.base(), c.graph)
}

// base is a map of its own for each call: the SDK writes into it.
func (c *Client) base() map[string]string { return map[string]string{"baseurl": c.graph.GetBaseUrl()} }

// Snapshot reads an account with its methods, roles and groups, several at once:
// a restraint is confirmed only by what this tells. It is NotFound when the
// account is gone, and fails as a whole when a part cannot be read: half a
// before-image would make a revert take too much.
func (c *Client) Snapshot(ctx context.Context, account string) (holds.Snapshot, error) {
	var s holds.Snapshot
	var found []method
	var groups []membership
	var own []holds.Role
	err := together(
		func() (err error) { s, err = c.account(ctx, account); return err },
		func() (err error) { found, err = c.methods(ctx, account); return err },
		func() (err error) { groups, err = c.groups(ctx, account); return err },
		func() (err error) { own, err = c.rolesOf(ctx, account, false); return err },
	)
	if err != nil {
		return holds.Snapshot{}, err
	}
	s.Factors = factors(found)
	for name, value := range methodContacts(found) {
		s.Contacts[name] = value
	}
	s.Groups = objects(groups)
	if s.Roles, err = c.withGroups(ctx, own, groups); err != nil {
		return holds.Snapshot{}, err
	}
	s.Restrained = slices.ContainsFunc(s.Groups, func(g holds.Object) bool { return g.ID == c.opt.RestraintGroup })
	return s, nil
}

// together makes several readings at once. Its error is that of the first in
// order, not in time.
func together(readings ...func() error) error {
	errs := make([]error, len(readings))
	var wg sync.WaitGroup
	for i, r := range readings {
		wg.Go(func() { errs[i] = r() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// account reads the profile and status alone.
func (c *Client) account(ctx context.Context, account string) (holds.Snapshot, error) {
	if err := checkID("account", account); err != nil {
		return holds.Snapshot{}, err
	}
	at := c.opt.Now().UTC()
	u, err := read(ctx, c, need{"read an account", "User.Read.All"}, func(ctx context.Context) (sdkmodels.Userable, error) {
		return c.users().ByUserId(account).Get(ctx, &sdkusers.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdkusers.UserItemRequestBuilderGetQueryParameters{Select: []string{
				"id", "userPrincipalName", "displayName", "accountEnabled", "createdDateTime", "mobilePhone", "businessPhones", "otherMails", "mail",
				"department", "jobTitle", "userType", "employeeType", "companyName", onPremises,
			}},
		})
	})
	if err != nil {
		return holds.Snapshot{}, err
	}
	if !strings.EqualFold(text(u.GetId()), account) || u.GetAccountEnabled() == nil {
		return holds.Snapshot{}, odd("an account")
	}
	s := holds.Snapshot{
		Account: accountOf(u), At: at, Status: holds.StatusActive, VendorStatus: "enabled",
		Contacts: contacts(u), Attributes: attributes(u),
	}
	if !*u.GetAccountEnabled() {
		s.Status, s.VendorStatus = holds.StatusSuspended, "disabled"
	}
	if t := u.GetCreatedDateTime(); t != nil {
		s.Created = t.UTC()
	}
	return s, nil
}

func accountOf(u sdkmodels.Userable) holds.Account {
	return holds.Account{
		ID: strings.ToLower(text(u.GetId())), Login: providers.Plain(text(u.GetUserPrincipalName()), longest), Name: providers.Plain(text(u.GetDisplayName()), longest),
	}
}

// contacts are the profile's recovery attributes under Graph's own names. A list
// is written as one text, as RestoreProfile takes it apart again.
func contacts(u sdkmodels.Userable) map[string]string {
	out := map[string]string{}
	keep(out, "mobilePhone", text(u.GetMobilePhone()))
	keep(out, "businessPhones", joined(u.GetBusinessPhones()))
	keep(out, "otherMails", joined(u.GetOtherMails()))
	keep(out, "mail", text(u.GetMail()))
	return out
}

// joined writes a list as one text. Addresses and numbers have no line break.
func joined(list []string) string { return strings.Join(list, "\n") }

func attributes(u sdkmodels.Userable) map[string]string {
	out := map[string]string{}
	keep(out, "department", text(u.GetDepartment()))
	keep(out, "jobTitle", text(u.GetJobTitle()))
	keep(out, "userType", text(u.GetUserType()))
	keep(out, "employeeType", text(u.GetEmployeeType()))
	keep(out, "companyName", text(u.GetCompanyName()))
	if on := u.GetOnPremisesSyncEnabled(); on != nil && *on {
		out[onPremises] = "true"
	}
	return out
}

// keep stores a value that is there. Line breaks part the entries of a list.
func keep(m map[string]string, name, value string) {
	var lines []string
	for line := range strings.SplitSeq(value, "\n") {
		lines = append(lines, providers.Plain(line, longest))
	}
	if value != "" {
		m[name] = joined(lines)
	}
}

func synced(s holds.Snapshot) bool { return s.Attributes[onPremises] == "true" }

// membership is a group an account is a member of.
type membership struct {
	id, name       string
	roleAssignable bool
}

// groups reads the groups the account itself is in. Directory roles and
// administrative units come in the same list and are left out: roles are read
// where their assignments are.
func (c *Client) groups(ctx context.Context, account string) ([]membership, error) {
	if err := checkID("account", account); err != nil {
		return nil, err
	}
	all, err := list(ctx, c, need{"read an account's groups", "GroupMember.Read.All"}, func(ctx context.Context, next string) (sdkmodels.DirectoryObjectCollectionResponseable, error) {
		of := c.users().ByUserId(account).MemberOf()
		if next != "" {
			return of.WithUrl(next).Get(ctx, nil)
		}
		return of.Get(ctx, &sdkusers.ItemMemberOfRequestBuilderGetRequestConfiguration{QueryParameters: &sdkusers.ItemMemberOfRequestBuilderGetQueryParameters{
			Select: []string{"id", "displayName", "isAssignableToRole"}, Top: ptr(int32(pageSize)),
		}})
	})
	if err != nil {
		return nil, err
	}
	var out []membership
	for _, o := range all {
		if o == nil || !isGUID(text(o.GetId())) {
			return nil, odd("a group")
		}
		g, ok := o.(sdkmodels.Groupable)
		if !ok {
			continue
		}
		assignable := g.GetIsAssignableToRole()
		out = append(out, membership{strings.ToLower(text(g.GetId())), providers.Plain(text(g.GetDisplayName()), longest), assignable != nil && *assignable})
	}
	slices.SortFunc(out, func(a, b membership) int { return cmp.Compare(a.id, b.id) })
	return slices.CompactFunc(out, func(a, b membership) bool { return a.id == b.id }), nil
}

func objects(groups []membership) []holds.Object {
	var out []holds.Object
	for _, g := range groups {
		out = append(out, holds.Object{Type: "group", ID: g.id, Name: g.name})
	}
	return out
}

func checkID(what, id string) error {
	if isGUID(id) {
		return nil
	}
	return holds.Refuse(holds.Invalid, "The id of the %s, %q, is not of Graph's form (a GUID); nothing was called.", what, providers.Plain(id, 60))
}
