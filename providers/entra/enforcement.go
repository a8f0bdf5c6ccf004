package entra

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkusers "github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Enforcement reads back whether membership of the restraint group really keeps
// an account from signing in: at least one Conditional Access policy must
// include the group, be on (report-only does not count), reach all cloud apps,
// block, and exclude neither the account nor a group it is in. Policies have no
// order; one that blocks wins over all others
// (https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-policies).
//
// Without an account, an exclusion of anybody but the configured break-glass
// accounts is a problem: whoever is excluded is not restrained.
//
// A policy for the user action "register security information" is remarked when
// it is missing, and is no failure: who cannot sign in cannot reach the page. It
// closes the while in which a session of before still lives.
func (c *Client) Enforcement(ctx context.Context, account string) (holds.Enforcement, error) {
	who := subject{group: c.opt.RestraintGroup, breakGlass: c.opt.BreakGlass}
	if account != "" {
		if err := checkID("account", account); err != nil {
			return holds.Enforcement{}, err
		}
		who.account = strings.ToLower(account)
		var err error
		if who.groups, err = c.nested(ctx, account); err != nil {
			return holds.Enforcement{}, err
		}
	}
	out := holds.Enforcement{At: c.opt.Now().UTC()}
	problem, err := c.groupProblem(ctx)
	if err != nil {
		return holds.Enforcement{}, err
	}
	if problem != "" {
		out.Problems = []string{problem}
		return out, nil
	}
	policies, err := c.policies(ctx)
	if err != nil {
		return holds.Enforcement{}, err
	}
	out.InForce, out.Problems = c.judge(policies, who)
	return out, nil
}

// judge looks for a policy that restrains. The others are told of only when
// there is none.
func (c *Client) judge(all []policy, who subject) (bool, []string) {
	var apps, problems, ours []string
	register := false
	for _, p := range all {
		if !p.names(who.group) {
			continue
		}
		ours = append(ours, p.ID)
		switch p.reaches() {
		case allApps:
			why := p.misses(who)
			if why == "" {
				apps = append(apps, p.ID)
				continue
			}
			problems = append(problems, p.title()+": "+why)
		case registration:
			register = register || p.misses(who) == ""
		case something:
			if len(p.Conditions.Apps.Include) > 0 {
				problems = append(problems, p.title()+": it does not reach all cloud apps without exception.")
			}
		}
	}
	c.learn(ours)
	if len(apps) == 0 {
		if len(problems) == 0 {
			problems = []string{"No Conditional Access policy for all cloud apps includes the restraint group."}
		}
		return false, problems
	}
	if !register {
		return true, []string{"No Conditional Access policy keeps the restraint group from the user action \"register security information\": a session that is still alive may add a method until it ends."}
	}
	return true, nil
}

// groupProblem reads the restraint group itself.
func (c *Client) groupProblem(ctx context.Context) (string, error) {
	var g struct {
		ID       string   `json:"id"`
		Security *bool    `json:"securityEnabled"`
		Types    []string `json:"groupTypes"`
	}
	err := c.get(ctx, need{"read the restraint group", "GroupMember.Read.All"}, "/groups/"+url.PathEscape(c.opt.RestraintGroup), url.Values{"$select": {"id,securityEnabled,groupTypes"}}, &g)
	switch {
	case isNotFound(err):
		return "The restraint group " + c.opt.RestraintGroup + " does not exist at Microsoft Entra.", nil
	case err != nil:
		return "", err
	case !strings.EqualFold(g.ID, c.opt.RestraintGroup):
		return "", odd("a group")
	case slices.Contains(g.Types, "DynamicMembership"):
		return "The restraint group has members by a rule: nobody can be put into it. Make a group with assigned members.", nil
	case g.Security != nil && !*g.Security:
		return "The restraint group is not a security group, and Conditional Access does not look at it.", nil
	}
	return "", nil
}

// policies reads all Conditional Access policies as they are: a condition the
// SDK's models do not know narrows a policy and must be seen.
func (c *Client) policies(ctx context.Context) ([]policy, error) {
	all, err := elements[policy](ctx, c, need{"read Conditional Access policies", "Policy.Read.All"}, "/identity/conditionalAccess/policies", nil)
	for _, p := range all {
		if err == nil && !isGUID(p.ID) {
			err = odd("a Conditional Access policy")
		}
	}
	return all, err
}

// nested reads the ids of every group the account is in, also through others.
func (c *Client) nested(ctx context.Context, account string) ([]string, error) {
	all, err := list(ctx, c, need{"read an account's groups", "GroupMember.Read.All"}, func(ctx context.Context, next string) (sdkmodels.DirectoryObjectCollectionResponseable, error) {
		of := c.users().ByUserId(account).TransitiveMemberOf()
		if next != "" {
			return of.WithUrl(next).Get(ctx, nil)
		}
		return of.Get(ctx, &sdkusers.ItemTransitiveMemberOfRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdkusers.ItemTransitiveMemberOfRequestBuilderGetQueryParameters{Select: []string{"id"}, Top: ptr(int32(pageSize))},
		})
	})
	var out []string
	for _, o := range all {
		if o == nil || !isGUID(text(o.GetId())) {
			return nil, odd("a group")
		}
		out = append(out, strings.ToLower(text(o.GetId())))
	}
	return out, err
}

// subject is whom a policy is asked about: one account, or any member of the
// restraint group.
type subject struct {
	group, account     string
	groups, breakGlass []string
}

// excludes says whom people conditions leave out; "" when nobody that matters.
func (p people) excludes(who subject) string {
	if slices.ContainsFunc(p.ExcludeGroups, equal(who.group)) {
		return "it excludes the restraint group itself."
	}
	if who.account != "" {
		return p.excludesAccount(who)
	}
	others := slices.DeleteFunc(slices.Clone(p.ExcludeUsers), func(id string) bool { return slices.ContainsFunc(who.breakGlass, equal(id)) })
	var named []string
	for what, ids := range map[string][]string{"account": others, "group": p.ExcludeGroups, "role": p.ExcludeRoles} {
		if len(ids) > 0 {
			named = append(named, strconv.Itoa(len(ids))+" "+what+"(s) such as "+providers.Plain(ids[0], 60))
		}
	}
	if p.guests() {
		named = append(named, "guests or external accounts")
	}
	slices.Sort(named)
	if len(named) == 0 {
		return ""
	}
	return "it excludes " + strings.Join(named, ", ") + ", who would not be restrained. Only break-glass accounts that are configured as such may be excluded, each by itself."
}

func (p people) excludesAccount(who subject) string {
	switch {
	case slices.ContainsFunc(p.ExcludeUsers, equal(who.account)):
		return "it excludes this account."
	case slices.ContainsFunc(p.ExcludeGroups, func(g string) bool { return slices.ContainsFunc(who.groups, equal(g)) }):
		return "it excludes a group this account is in."
	case len(p.ExcludeRoles) > 0:
		return "it excludes holders of a role, and whoever gains that role is not restrained."
	case p.guests() || slices.ContainsFunc(p.ExcludeUsers, equal("GuestsOrExternalUsers")):
		return "it excludes guests or external accounts."
	}
	return ""
}

func equal(a string) func(string) bool { return func(b string) bool { return strings.EqualFold(a, b) } }
