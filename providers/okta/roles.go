package okta

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// role fills in which role changed. A ROLE target is the one that changed;
// debugData.privilegeGranted is everything the account now has, so it tells
// the role only when it is a single one, and never with certainty.
//
// Okta writes "grant" for "changed": taking one of two roles away writes a grant
// too, with the roles that are left and no ROLE target. Ours does that as well.
func role(e *holds.Event, l *logEvent) {
	if named := l.of("ROLE"); len(named) > 0 {
		slices.SortFunc(named, func(a, b entity) int { return strings.Compare(a.id+"\x00"+a.name, b.id+"\x00"+b.name) })
		r := named[0]
		e.Role = holds.Object{Type: roleKind(r), ID: assignmentID(l, r), Name: r.name}
		if len(named) > 1 && e.Class == holds.RoleActivation {
			e.Doubts = append(e.Doubts, "The event names several roles; the first is shown.")
		}
		rank(e, l, named)
		return
	}
	if l.kind == "user.account.privilege.grant" {
		e.Echo = holds.RemoveRole
	}
	rank(e, l, nil)
	all := providers.Plain(l.granted, longest)
	if e.Class != holds.RoleActivation || all == "" {
		return
	}
	e.Role.Name = all
	if !strings.Contains(all, ",") {
		e.Role.Type = kindOfName(all)
	}
	e.Doubts = append(e.Doubts, "Okta lists every role there is now, not the one that changed; compare with the roles before.")
}

// rank says how far the role reaches that somebody got: the furthest of those the
// event names. Where Okta only lists all there are now, the new one is among them
// and reaches no further than the furthest.
func rank(e *holds.Event, l *logEvent, named []entity) {
	if e.Class != holds.RoleActivation {
		return
	}
	if len(named) == 0 && l.granted == "" {
		e.Rank = rankOfType(l.kind)
		return
	}
	e.Rank = holds.RankOrdinary
	for _, r := range named {
		e.Rank = further(e.Rank, cmp.Or(rankOf(roleKind(r)), rankOfType(l.kind)))
	}
	if len(named) == 0 {
		for _, name := range listed(l.granted) {
			e.Rank = further(e.Rank, rankOf(kindOfName(name)))
		}
	}
}

// further is the one of two ranks that reaches further; one that is not known may
// reach as far as any but is not said to be the top.
func further(a, b holds.Rank) holds.Rank {
	for _, r := range []holds.Rank{holds.RankTop, "", holds.RankPrivileged} {
		if a == r || b == r {
			return r
		}
	}
	return holds.RankOrdinary
}

// rankOf is how far a role of the roles API reaches; "" for one that is not known
// here. See
// https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm.
func rankOf(kind string) holds.Rank {
	switch {
	case kind == "SUPER_ADMIN":
		return holds.RankTop
	case kind == "READ_ONLY_ADMIN" || kind == "REPORT_ADMIN":
		return holds.RankOrdinary
	case roleTypes()[kind] != "":
		return holds.RankPrivileged
	}
	return ""
}

// rankOfType is for events that tell no standard role: roles that are made of
// single permissions, and those of Workflows, reach a part of an organisation.
func rankOfType(eventType string) holds.Rank {
	if hasPrefix(eventType, []string{"iam.role.", "iam.resourceset.", "workflows.user.role.", "pam."}) {
		return holds.RankPrivileged
	}
	return ""
}

// listed parts a list of role names. A comma within brackets does not part.
func listed(names string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range names {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, strings.TrimSpace(names[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(names[from:]))
}

// assignmentID is the id that a removal needs. Okta marks it with a target of
// its own type; the ROLE target may carry the role's name as its id instead.
func assignmentID(l *logEvent, r entity) string {
	for _, t := range l.of("ROLE_ASSIGNED") {
		if isID(t.id) && (t.login == r.login || t.name == r.name || len(l.of("ROLE_ASSIGNED")) == 1) {
			return t.id
		}
	}
	if isID(r.id) && roleTypes()[r.id] == "" {
		return r.id
	}
	return ""
}

// roleKind is the role's type in the words of the roles API.
func roleKind(r entity) string {
	for _, s := range []string{r.id, r.login} {
		if roleTypes()[s] != "" {
			return s
		}
	}
	return kindOfName(r.name)
}

// roleTypes are the standard roles and a name of each. See
// https://developer.okta.com/docs/api/openapi/okta-management/guides/roles/.
func roleTypes() map[string]string {
	return map[string]string{
		"SUPER_ADMIN": "super administrator", "ORG_ADMIN": "organization administrator", "APP_ADMIN": "application administrator",
		"USER_ADMIN": "group administrator", "GROUP_MEMBERSHIP_ADMIN": "group membership administrator", "HELP_DESK_ADMIN": "help desk administrator",
		"READ_ONLY_ADMIN": "read only administrator", "REPORT_ADMIN": "report administrator", "MOBILE_ADMIN": "mobile administrator",
		"API_ACCESS_MANAGEMENT_ADMIN": "api access management administrator", "WORKFLOWS_ADMIN": "workflows administrator",
		"ACCESS_CERTIFICATIONS_ADMIN": "access certifications administrator", "ACCESS_REQUESTS_ADMIN": "access requests administrator",
		holds.CustomRole: "custom",
	}
}

// kindOfName finds a type by a role's display name, whose spelling differs
// between the log and the API ("Read only admin", "Read-only Administrator").
func kindOfName(name string) string {
	n := strings.ToLower(strings.ReplaceAll(name, "-", " "))
	n, _, _ = strings.Cut(n, " (")
	if !strings.HasSuffix(n, "administrator") && strings.HasSuffix(n, "admin") {
		n += "istrator"
	}
	for kind, known := range roleTypes() {
		if n == known {
			return kind
		}
	}
	return ""
}
