package okta

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Enforcement reads back whether membership of the restraint group really keeps
// an account from signing in and from changing itself. These policies count:
//
//   - The global session policy (OKTA_SIGN_ON). Okta evaluates the first active
//     policy whose groups fit, so the one for the restraint group must be first of
//     all, and its first active rule must deny. This is what stops new sessions.
//   - Every active app sign-in policy (ACCESS_POLICY): the first rule that fits
//     decides, so the first active rule of each must deny the group. A session
//     that is still alive, or an app reached without one, meets these. A custom
//     policy per app without the rule is a way around the restraint.
//   - The account management policy (an ACCESS_POLICY with the resource type
//     END_USER_ACCOUNT_MANAGEMENT): the same, so that a restrained account enrols
//     no factor and recovers no password.
//
// A deny rule with further conditions (network, device, risk, an expression)
// does not count, nor does one that excludes the account, or, when no account is
// asked about, anybody. Classic organisations have only the first.
// See https://developer.okta.com/docs/concepts/policies/.
func (c *Client) Enforcement(ctx context.Context, account string) (holds.Enforcement, error) {
	who := subject{group: c.opt.RestraintGroup}
	if account != "" {
		groups, err := c.groups(ctx, account)
		if err != nil {
			return holds.Enforcement{}, err
		}
		who.account = account
		for _, g := range groups {
			who.groups = append(who.groups, g.ID)
		}
	}
	at := c.opt.Now().UTC()
	problems, err := c.problems(ctx, who)
	if err != nil {
		return holds.Enforcement{}, err
	}
	return holds.Enforcement{At: at, InForce: len(problems) == 0, Problems: problems}, nil
}

func (c *Client) problems(ctx context.Context, who subject) ([]string, error) {
	g, resp, err := c.sdk().Group.GetGroup(ctx, url.PathEscape(who.group))
	err = c.failed(resp, err, "read the restraint group", "okta.groups.read")
	if holds.KindOf(err) == holds.NotFound {
		return []string{"The restraint group " + who.group + " does not exist at Okta."}, nil
	}
	if err != nil {
		return nil, err
	}
	if g == nil || g.Id != who.group {
		return nil, odd("a group")
	}
	session, err := c.policies(ctx, "OKTA_SIGN_ON")
	if err != nil {
		return nil, err
	}
	problems, ours, err := c.sessionProblems(ctx, session, who)
	if err != nil {
		return nil, err
	}
	apps, err := c.policies(ctx, "ACCESS_POLICY")
	if err != nil {
		return nil, err
	}
	for _, p := range apps {
		if p.Status != "ACTIVE" {
			continue
		}
		rules, err := c.rules(ctx, p)
		if err != nil {
			return nil, err
		}
		first, why := denies(rules, who, true)
		if why != "" {
			problems = append(problems, p.title()+": "+why)
		} else {
			ours = append(ours, first)
		}
	}
	c.learn(ours)
	return problems, nil
}

// sessionProblems checks the global session policies and tells the ids of the
// policy and rule that restrain.
func (c *Client) sessionProblems(ctx context.Context, all []policy, who subject) (problems, ours []string, err error) {
	active := slices.DeleteFunc(slices.Clone(all), func(p policy) bool { return p.Status != "ACTIVE" })
	slices.SortStableFunc(active, func(a, b policy) int { return cmp.Compare(a.Priority, b.Priority) })
	i := slices.IndexFunc(active, func(p policy) bool { return slices.Contains(p.Conditions.People.Groups.Include, who.group) })
	if i < 0 {
		return []string{"No active global session policy is assigned to the restraint group."}, nil, nil
	}
	p := active[i]
	if i > 0 {
		problems = append(problems, fmt.Sprintf("%s is number %d in order; %s comes before it and decides for accounts that are in its groups too.", p.title(), i+1, active[0].title()))
	}
	if why := p.Conditions.People.misses(who); why != "" {
		problems = append(problems, p.title()+": "+why)
	}
	if name := p.Conditions.narrowed(); name != "" {
		problems = append(problems, p.title()+": it applies only under a further condition ("+shown(name)+").")
	}
	rules, err := c.rules(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	first, why := denies(rules, who, false)
	if why != "" {
		problems = append(problems, p.title()+": "+why)
	}
	if first != "" {
		ours = append(ours, first)
	}
	return problems, append(ours, p.ID), nil
}

// policies reads every policy of a type. The SDK's structs drop fields and its
// list stops at one page.
func (c *Client) policies(ctx context.Context, kind string) ([]policy, error) {
	var out, page []policy
	resp, err := c.call(ctx, http.MethodGet, "/api/v1/policies?type="+kind+"&limit=100", &page)
	for n := 1; ; n++ {
		if kind == "ACCESS_POLICY" && n == 1 && codeOf(err) == "E0000001" {
			return nil, nil // "Invalid policy type specified": Classic has none
		}
		if err := c.failed(resp, err, "read policies", "okta.policies.read"); err != nil {
			return nil, err
		}
		for _, p := range page {
			if providers.Identifier(p.ID) == "" || p.Type != kind {
				return nil, odd("a policy")
			}
		}
		out = append(out, page...)
		if !resp.HasNextPage() {
			return out, nil
		}
		if n == maxPages {
			return nil, holds.Refuse(holds.Unavailable, "Okta lists more than %d pages of policies.", maxPages)
		}
		page = nil
		resp, err = resp.Next(ctx, &page)
	}
}

func (c *Client) rules(ctx context.Context, p policy) ([]rule, error) {
	if !isID(p.ID) {
		return nil, odd("a policy")
	}
	var out []rule
	resp, err := c.call(ctx, http.MethodGet, "/api/v1/policies/"+url.PathEscape(p.ID)+"/rules", &out)
	if err := c.failed(resp, err, "read policy rules", "okta.policies.read"); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b rule) int { return cmp.Compare(a.Priority, b.Priority) })
	return out, nil
}

// hours writes a duration for people.
func hours(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
