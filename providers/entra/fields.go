package entra

import (
	"unicode"

	"github.com/countersign/countersign/providers"
)

// field is a member's name that is looked at in any shape. The same member is
// spelt in camel case, in Pascal case and in lower case by the channels that
// Microsoft delivers the records through, so names are compared without regard to
// case, and two members that differ in case only are two readings of a record.
type field uint8

const (
	noField field = iota
	fActivity
	fActivityDateTime
	fActor
	fActorIP
	fAdditionalDetails
	fApp
	fAppID
	fAuditData
	fCallerIP
	fCategory
	fChangeType
	fClientIP
	fClientIPAddress
	fCorrelationID
	fCreatedDateTime
	fCreationTime
	fDisplayName
	fErrorCode
	fExtendedProperties
	fHomeTenantID
	fID
	fInitiatedBy
	fInterSystemsID
	fIPAddress
	fKey
	fLifecycleEvent
	fLoggedBy
	fMailboxOwnerUPN
	fModifiedProperties
	fName
	fNewValue
	fObjectID
	fOfficeObjectID
	fOfficeWorkload
	fOldValue
	fOperation
	fOperationName
	fOperationProperties
	fParameters
	fProperties
	fProvisioningAction
	fRecordType
	fRecords
	fResult
	fResultReason
	fResultStatus
	fResultType
	fRiskState
	fServicePrincipalID
	fSeverity
	fSourceRecordID
	fStatus
	fSubscriptionID
	fTarget
	fTargetResources
	fTime
	fTimeGenerated
	fTitle
	fType
	fUser
	fUserID
	fUserKey
	fUserPrincipalName
	fUserType
	fValue
	fWorkload
	fieldCount
)

// longestField is the length of the longest name.
const longestField = 32

// fieldOf tells which field a name in lower case is.
func fieldOf(lower []byte) field {
	switch string(lower) {
	case "activitydisplayname":
		return fActivity
	case "activitydatetime":
		return fActivityDateTime
	case "actor":
		return fActor
	case "actoripaddress":
		return fActorIP
	case "additionaldetails":
		return fAdditionalDetails
	case "app":
		return fApp
	case "appid":
		return fAppID
	case "auditdata":
		return fAuditData
	case "calleripaddress":
		return fCallerIP
	case "category":
		return fCategory
	case "changetype":
		return fChangeType
	case "clientip":
		return fClientIP
	case "client_ipaddress":
		return fClientIPAddress
	case "correlationid":
		return fCorrelationID
	case "createddatetime":
		return fCreatedDateTime
	case "creationtime":
		return fCreationTime
	case "displayname":
		return fDisplayName
	case "errorcode":
		return fErrorCode
	case "hometenantid":
		return fHomeTenantID
	case "extendedproperties":
		return fExtendedProperties
	case "id":
		return fID
	case "initiatedby":
		return fInitiatedBy
	case "intersystemsid":
		return fInterSystemsID
	case "ipaddress":
		return fIPAddress
	case "key":
		return fKey
	case "lifecycleevent":
		return fLifecycleEvent
	case "loggedbyservice":
		return fLoggedBy
	case "mailboxownerupn":
		return fMailboxOwnerUPN
	case "modifiedproperties":
		return fModifiedProperties
	case "name":
		return fName
	case "newvalue":
		return fNewValue
	case "objectid":
		return fObjectID
	case "officeobjectid":
		return fOfficeObjectID
	case "officeworkload":
		return fOfficeWorkload
	case "oldvalue":
		return fOldValue
	case "operation":
		return fOperation
	case "operationname":
		return fOperationName
	case "operationproperties":
		return fOperationProperties
	case "parameters":
		return fParameters
	case "properties":
		return fProperties
	case "provisioningaction":
		return fProvisioningAction
	case "recordtype":
		return fRecordType
	case "records":
		return fRecords
	case "result":
		return fResult
	case "resultreason":
		return fResultReason
	case "resultstatus":
		return fResultStatus
	case "resulttype":
		return fResultType
	case "riskstate":
		return fRiskState
	case "serviceprincipalid":
		return fServicePrincipalID
	case "severity":
		return fSeverity
	case "sourcerecordid":
		return fSourceRecordID
	case "status":
		return fStatus
	case "subscriptionid":
		return fSubscriptionID
	case "target":
		return fTarget
	case "targetresources":
		return fTargetResources
	case "time":
		return fTime
	case "timegenerated":
		return fTimeGenerated
	case "title":
		return fTitle
	case "type":
		return fType
	case "user":
		return fUser
	case "userid":
		return fUserID
	case "userkey":
		return fUserKey
	case "userprincipalname":
		return fUserPrincipalName
	case "usertype":
		return fUserType
	case "value":
		return fValue
	case "workload":
		return fWorkload
	}
	return noField
}

// members are an object's values by field; 0 for one that is not there.
type members [fieldCount]place

// members reads an object's names. It is an error when two of them are the same
// field.
func (d document) members(i place) (members, error) {
	var m members
	if d.nodes[i].kind != providers.Object {
		return m, nil
	}
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		f := d.fieldAt(j)
		if f == noField {
			continue
		}
		if m[f] != 0 {
			n := d.nodes[j]
			return m, ambiguous(unquote(d.raw[n.nameFrom-1 : n.nameTo+1]))
		}
		m[f] = j
	}
	return m, nil
}

// object is members of a member; none when that is no object.
func (d document) object(i place) (members, error) {
	if d.kind(i) != providers.Object {
		return members{}, nil
	}
	return d.members(i)
}

func (d document) fieldAt(j place) field {
	n := &d.nodes[j]
	name := d.raw[n.nameFrom:n.nameTo]
	if !n.simpleName {
		name = []byte(foldName(unquote(d.raw[n.nameFrom-1 : n.nameTo+1])))
	}
	if len(name) > longestField {
		return noField
	}
	var lower [longestField]byte
	for k, c := range name {
		if c-'A' <= 'Z'-'A' {
			c += 'a' - 'A'
		}
		lower[k] = c
	}
	return fieldOf(lower[:len(name)])
}

// foldName writes a name with ASCII letters where a reader that folds case by
// Unicode's rules would see them: the Kelvin sign is a k.
func foldName(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		for x := unicode.SimpleFold(r); r >= 0x80 && x != r; x = unicode.SimpleFold(x) {
			if x < 0x80 {
				r = x
			}
		}
		out = append(out, r)
	}
	return string(out)
}
