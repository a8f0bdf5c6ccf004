package entra

import "github.com/countersign/countersign/holds"

// pim are the activities of Privileged Identity Management. It tells a request,
// its approval and its completion apart in the name. A request grants nothing:
// only what is "completed" does, and an assignment that an administrator makes
// there passes by the approval that an activation needs.
//
// See https://learn.microsoft.com/entra/id-governance/privileged-identity-management/pim-how-to-use-audit-log.
func pim(add adder) {
	const c = holds.RoleActivation
	pending := kind{class: c, verb: holds.Other, pending: true, more: roleDetail}
	taken := kind{class: holds.None, verb: holds.Revoke, echo: holds.RemoveRole, more: roleDetail}
	terms := []string{" (permanent)", " (timebound)", " (renew)", ""}

	activation := pending
	activation.way = holds.WayActivation
	add(activation, "add member to role requested (pim activation)", "add member to role approval requested (pim activation)",
		"add member to role request approved (pim activation)", "add member to role request denied (pim activation)",
		"add member to role canceled (pim activation)", "pim activation request expired")
	add(kind{class: c, verb: holds.Grant, way: holds.WayActivation, more: roleDetail}, "add member to role completed (pim activation)")

	for name, way := range map[string]holds.Way{"add member to role": holds.WayOutside, "add eligible member to role": holds.WayEligibility} {
		grant := kind{class: c, verb: holds.Grant, way: way, more: roleDetail}
		for _, term := range terms {
			asked := pending
			asked.way = way
			add(asked, name+" in pim requested"+term, name+" in pim canceled"+term)
			add(grant, name+" in pim completed"+term)
		}
	}
	add(kind{class: c, verb: holds.Grant, way: holds.WayOutside, more: roleDetail}, "add member to role outside of pim (permanent)",
		"add member to role outside of pim", "restore member from role", "restore member from role in pim completed",
		"restore permanent direct role assignment", "approve request - direct role assignment")
	add(kind{class: c, verb: holds.Grant, way: holds.WayEligibility, more: roleDetail}, "restore eligible member from role in pim completed",
		"restore permanent eligible role assignment")

	add(pending, "update member in pim requested (extend)", "update member in pim canceled (extend)", "update member in pim denied by admin (extend/renew)",
		"update eligible member in pim requested (extend)", "update eligible member in pim canceled (extend)",
		"cancel request for role update", "process role update request")
	add(kind{class: c, verb: holds.Grant, more: roleDetail}, "update member in pim approved by admin (extend/renew)",
		"update member in pim completed (extend)", "update eligible member in pim completed (extend)")

	for _, name := range []string{"remove member from role", "remove eligible member from role"} {
		for _, term := range terms {
			add(taken, name+" in pim requested"+term, name+" in pim completed"+term)
		}
	}
	add(taken, "remove member from role (pim activation expired)", "remove member from role requested (pim deactivate)",
		"remove member from role completed (pim deactivate)", "remove permanent direct role assignment", "remove permanent eligible role assignment",
		"process role removal request", "cancel request for role removal")

	// The rules that make an activation ask somebody, and the alarms about passing by
	// them.
	add(kind{class: c, verb: holds.Update, wide: true, more: roleDetail}, "update role setting in pim", "pim policy removed", "disable pim alert",
		"deactivate pim alert", "update pim alert setting", "offboarded resource from pim", "tenant offboarded from pim")
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "enable pim alert", "refresh pim alert", "resolve pim alert", "triggered pim alert",
		"onboarded resource to pim", "onboarded resource from pim", "resource updated", "process request", "cancel request", "remove request")
}
