package oktasim

// seedPolicies are the policies of the small company. A global session policy
// names its groups on the policy, the others on the rule, as Okta does.
func seedPolicies() []Policy {
	restrained := map[string]any{"people": map[string]any{"groups": map[string]any{"include": []any{RestraintGroup}}}}
	everyone := map[string]any{"people": map[string]any{"groups": map[string]any{"include": []any{EveryoneGroup}}}}
	policy := func(id, kind, name string, priority int, system bool, conditions map[string]any, rules ...Rule) Policy {
		return Policy{
			ID: id, Type: kind, Name: name, Description: name, Status: "ACTIVE", Priority: priority, System: system,
			Created: seedDate(), LastUpdated: seedDate(), Conditions: conditions, Rules: rules,
		}
	}
	account := policy(AccountPolicy, typeAccess, "Okta Account Management Policy", 1, true, nil,
		appRule(AccountRule, seedRestraint, 1, false, "DENY", restrained), appRule("rulCatchAllAccount00", seedCatchAll, 99, true, "ALLOW", nil))
	account.ResourceType = resourceAccountManage
	return []Policy{
		policy(SignOnPolicy, typeSignOn, seedRestraint, 1, false, restrained,
			signOnRule(SignOnRule, "Deny everybody in the group", 1, false, "DENY"),
			signOnRule("0prDefaultRuleHold00", "Default Rule", 2, true, "ALLOW")),
		policy("00pDefaultSignOn0000", typeSignOn, "Default Policy", 2, true, everyone,
			signOnRule("0prDefaultRule000000", "Default Rule", 1, true, "ALLOW")),
		policy(AppPolicy, typeAccess, "Any two factors", 1, true, nil,
			appRule(AppRule, seedRestraint, 1, false, "DENY", restrained), appRule("rulCatchAllApp000000", seedCatchAll, 99, true, "ALLOW", nil)),
		policy(AdminAppPolicy, typeAccess, "Okta Admin Console", 1, false, nil,
			appRule(AdminAppRule, seedRestraint, 1, false, "DENY", restrained), appRule("rulCatchAllAdmin0000", seedCatchAll, 99, true, "ALLOW", nil)),
		account,
	}
}

func signOnRule(id, name string, priority int, system bool, access string) Rule {
	return Rule{
		"id": id, "type": "SIGN_ON", "name": name, "priority": priority, "status": "ACTIVE", "system": system,
		"created": stamp(seedDate()), "lastUpdated": stamp(seedDate()),
		"conditions": map[string]any{
			"people":           map[string]any{"users": map[string]any{"exclude": []any{}}},
			"network":          map[string]any{"connection": "ANYWHERE"},
			"authContext":      map[string]any{"authType": "ANY"},
			"riskScore":        map[string]any{"level": "ANY"},
			"identityProvider": map[string]any{"provider": "ANY"},
		},
		"actions": map[string]any{"signon": map[string]any{
			"access": access, "requireFactor": false, "primaryFactor": "PASSWORD_IDP_ANY_FACTOR", "rememberDeviceByDefault": false,
			"session": map[string]any{"usePersistentCookie": false, "maxSessionIdleMinutes": 120, "maxSessionLifetimeMinutes": 720},
		}},
	}
}

// appRule is a rule of an app sign-on or account management policy.
func appRule(id, name string, priority int, system bool, access string, conditions map[string]any) Rule {
	var c any // a catch-all rule has no conditions: null
	if conditions != nil {
		c = conditions
	}
	return Rule{
		"id": id, "type": "ACCESS_POLICY", "name": name, "priority": priority, "status": "ACTIVE", "system": system,
		"created": stamp(seedDate()), "lastUpdated": stamp(seedDate()), "conditions": c,
		"actions": map[string]any{"appSignOn": map[string]any{
			"access": access, "verificationMethod": map[string]any{
				"type": "ASSURANCE", "factorMode": "2FA", "reauthenticateIn": "PT2H", "constraints": []any{},
			},
		}},
	}
}
