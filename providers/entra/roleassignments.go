package entra

import (
	"cmp"
	"context"
	"slices"
	"strings"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdkroles "github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// The ids of role assignments in a snapshot. A role stands in one of three
// places, and each is undone at an address of its own:
//
//	assignment:ID                  a direct assignment, removed by DELETE
//	active:DEFINITION|SCOPE        an activation or time-bound assignment of PIM, ended by adminRemove
//	eligible:DEFINITION|SCOPE      an eligibility, ended by adminRemove
const (
	assignedRole = "assignment:"
	activeRole   = "active:"
	eligibleRole = "eligible:"
)

// mostRoleGroups bounds how many groups' roles are read for one account; a
// tenant has at most 500 groups that can have roles, an account is in a few.
const mostRoleGroups = 20

var readRoles = need{"read an account's roles", "RoleManagement.Read.Directory"}

func (c *Client) directory() *sdkroles.DirectoryRequestBuilder {
	return sdkroles.NewRoleManagementRequestBuilderInternal(c.base(), c.graph).Directory()
}

// roles reads every role of an account: its own, and those of the role-assignable
// groups it is in (which cannot be nested).
func (c *Client) roles(ctx context.Context, account string, groups []membership) ([]holds.Role, error) {
	own, err := c.rolesOf(ctx, account, false)
	if err != nil {
		return nil, err
	}
	return c.withGroups(ctx, own, groups)
}

// withGroups adds the roles that come through groups.
func (c *Client) withGroups(ctx context.Context, out []holds.Role, groups []membership) ([]holds.Role, error) {
	read := 0
	for _, g := range groups {
		if !g.roleAssignable {
			continue
		}
		if read++; read > mostRoleGroups {
			return nil, holds.Refuse(holds.Unavailable, "The account is in more than %d groups that have roles; its roles cannot be read whole.", mostRoleGroups)
		}
		more, err := c.rolesOf(ctx, g.id, true)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	slices.SortFunc(out, func(a, b holds.Role) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b holds.Role) bool { return a.ID == b.ID && a.ViaGroup == b.ViaGroup }), nil
}

// rolesOf reads the roles of one principal, an account or a group.
func (c *Client) rolesOf(ctx context.Context, principal string, viaGroup bool) ([]holds.Role, error) {
	if err := checkID("account", principal); err != nil {
		return nil, err
	}
	var assigned []sdkmodels.UnifiedRoleAssignmentable
	var active []sdkmodels.UnifiedRoleAssignmentScheduleInstanceable
	var eligible []sdkmodels.UnifiedRoleEligibilityScheduleInstanceable
	err := together(
		func() (err error) { assigned, err = c.assigned(ctx, principal); return err },
		func() (err error) { active, err = c.active(ctx, principal); return err },
		func() (err error) { eligible, err = c.eligible(ctx, principal); return err },
	)
	if err != nil {
		return nil, err
	}
	return merged(assigned, active, eligible, viaGroup)
}

func ofPrincipal(id string) (filter *string, expand []string) {
	return ptr("principalId eq '" + id + "'"), []string{"roleDefinition"}
}

func (c *Client) assigned(ctx context.Context, principal string) ([]sdkmodels.UnifiedRoleAssignmentable, error) {
	filter, expand := ofPrincipal(principal)
	return list(ctx, c, readRoles, func(ctx context.Context, next string) (sdkmodels.UnifiedRoleAssignmentCollectionResponseable, error) {
		of := c.directory().RoleAssignments()
		if next != "" {
			return of.WithUrl(next).Get(ctx, nil)
		}
		return of.Get(ctx, &sdkroles.DirectoryRoleAssignmentsRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdkroles.DirectoryRoleAssignmentsRequestBuilderGetQueryParameters{Filter: filter, Expand: expand},
		})
	})
}

func (c *Client) active(ctx context.Context, principal string) ([]sdkmodels.UnifiedRoleAssignmentScheduleInstanceable, error) {
	filter, expand := ofPrincipal(principal)
	out, err := list(ctx, c, readRoles, func(ctx context.Context, next string) (sdkmodels.UnifiedRoleAssignmentScheduleInstanceCollectionResponseable, error) {
		of := c.directory().RoleAssignmentScheduleInstances()
		if next != "" {
			return of.WithUrl(next).Get(ctx, nil)
		}
		return of.Get(ctx, &sdkroles.DirectoryRoleAssignmentScheduleInstancesRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdkroles.DirectoryRoleAssignmentScheduleInstancesRequestBuilderGetQueryParameters{Filter: filter, Expand: expand},
		})
	})
	if withoutPIM(err) {
		return nil, nil
	}
	return out, err
}

func (c *Client) eligible(ctx context.Context, principal string) ([]sdkmodels.UnifiedRoleEligibilityScheduleInstanceable, error) {
	filter, expand := ofPrincipal(principal)
	out, err := list(ctx, c, readRoles, func(ctx context.Context, next string) (sdkmodels.UnifiedRoleEligibilityScheduleInstanceCollectionResponseable, error) {
		of := c.directory().RoleEligibilityScheduleInstances()
		if next != "" {
			return of.WithUrl(next).Get(ctx, nil)
		}
		return of.Get(ctx, &sdkroles.DirectoryRoleEligibilityScheduleInstancesRequestBuilderGetRequestConfiguration{
			QueryParameters: &sdkroles.DirectoryRoleEligibilityScheduleInstancesRequestBuilderGetQueryParameters{Filter: filter, Expand: expand},
		})
	})
	if withoutPIM(err) {
		return nil, nil
	}
	return out, err
}

// withoutPIM tells that a tenant has no licence for Privileged Identity
// Management, and so neither activations nor eligibilities.
func withoutPIM(err error) bool {
	f := faultOf(err)
	return f != nil && f.status < 500 && f.says("AadPremiumLicenseRequired", "TenantIsNotOnboarded")
}

// merged makes one list of the three. Every active assignment stands among the
// direct ones too; what came through PIM for a time is shown as that, and what
// was made permanent meanwhile as that as well: it outlives the activation.
func merged(assigned []sdkmodels.UnifiedRoleAssignmentable, active []sdkmodels.UnifiedRoleAssignmentScheduleInstanceable, eligible []sdkmodels.UnifiedRoleEligibilityScheduleInstanceable, viaGroup bool) ([]holds.Role, error) {
	var out []holds.Role
	timed := map[string]bool{} // the direct assignments that PIM will end
	permanent := map[string]bool{}
	for _, a := range active {
		if a == nil {
			return nil, odd("a role")
		}
		if !strings.EqualFold(text(a.GetAssignmentType()), "Activated") && a.GetEndDateTime() == nil {
			permanent[text(a.GetRoleAssignmentOriginId())] = true
			continue // the direct assignment stands for it
		}
		r, err := role(activeRole, a, viaGroup || strings.EqualFold(text(a.GetMemberType()), "Group"))
		if err != nil {
			return nil, err
		}
		timed[text(a.GetRoleAssignmentOriginId())] = true
		timed[r.ID] = true
		out = append(out, r)
	}
	for _, e := range eligible {
		if e == nil {
			return nil, odd("a role")
		}
		r, err := role(eligibleRole, e, viaGroup || strings.EqualFold(text(e.GetMemberType()), "Group"))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, a := range assigned {
		if a == nil || !isKey(text(a.GetId())) {
			return nil, odd("a role")
		}
		r, err := role(activeRole, a, viaGroup)
		if err != nil {
			return nil, err
		}
		if (timed[text(a.GetId())] || timed[r.ID]) && !permanent[text(a.GetId())] {
			continue
		}
		r.ID = assignedRole + text(a.GetId())
		out = append(out, r)
	}
	return out, nil
}

// assignment is what the three kinds have in common.
type assignment interface {
	GetRoleDefinitionId() *string
	GetDirectoryScopeId() *string
	GetAppScopeId() *string
	GetRoleDefinition() sdkmodels.UnifiedRoleDefinitionable
}

func role(prefix string, a assignment, viaGroup bool) (holds.Role, error) {
	definition, scope := strings.ToLower(text(a.GetRoleDefinitionId())), cmp.Or(text(a.GetDirectoryScopeId()), text(a.GetAppScopeId()))
	if !isGUID(definition) || !isScope(scope) {
		return holds.Role{}, odd("a role")
	}
	r := holds.Role{ID: prefix + definition + "|" + scope, Kind: definition, ViaGroup: viaGroup}
	if d := a.GetRoleDefinition(); d != nil {
		r.Name = providers.Plain(text(d.GetDisplayName()), longest)
		if t := strings.ToLower(text(d.GetTemplateId())); isGUID(t) {
			r.Kind = t
		}
	}
	if scope != "/" {
		r.Name = strings.TrimSpace(r.Name + " (limited to " + providers.Plain(scope, 80) + ")")
	}
	if prefix == eligibleRole {
		r.Name = strings.TrimSpace(r.Name + " (eligible)")
	}
	r.Privileged = rankOf(r.Kind) != holds.RankOrdinary
	return r, nil
}

// isScope accepts the whole directory ("/") and a path to a part of it, such as
// an administrative unit, an application or an attribute set.
func isScope(s string) bool {
	rest, ok := strings.CutPrefix(s, "/")
	if !ok || len(s) > 200 {
		return false
	}
	for segment := range strings.SplitSeq(rest, "/") {
		if rest != "" && (segment == "" || strings.Trim(segment, "-_") == "" || strings.IndexFunc(segment, func(r rune) bool { return !isLetter(r) && r != '-' && r != '_' }) >= 0) {
			return false
		}
	}
	return true
}

// splitRole takes the id of an activation or eligibility apart.
func splitRole(object, prefix string) (definition, scope string, ok bool) {
	rest, ok := strings.CutPrefix(object, prefix)
	if !ok {
		return "", "", false
	}
	definition, scope, ok = strings.Cut(rest, "|")
	return definition, scope, ok && isGUID(definition) && isScope(scope)
}
