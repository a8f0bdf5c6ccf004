package entra

import (
	"strings"

	"github.com/countersign/countersign/providers"
)

// shape is how a record is laid out; the channel it came through decides.
type shape uint8

const (
	shapeUnknown shape = iota
	// shapeAudit is Graph's directoryAudit, alone or as a row of Log Analytics,
	// which has the same members in Pascal case and their contents as JSON in
	// strings.
	shapeAudit
	// shapeDiagnostic wraps one of the shapes in "properties", as diagnostic
	// settings send it to event hubs and storage.
	shapeDiagnostic
	// shapeUnified is the Office 365 unified audit log's, from its API, from the
	// Purview portal or as a row of Log Analytics' OfficeActivity.
	shapeUnified
	// shapeWrapped is a unified record as JSON in a string (AuditData), as PowerShell
	// and the portal export it.
	shapeWrapped
	// shapeOther are sign-ins, risk detections, alerts and the like.
	shapeOther
	// shapeBatch is no record but a list of them.
	shapeBatch
)

// shapeOf tells a record's shape by the members it has.
func (d document) shapeOf(m *members) shape {
	switch {
	case m[fAuditData] != 0 && d.kind(m[fAuditData]) == providers.String:
		return shapeWrapped
	case m[fTargetResources] != 0 || m[fInitiatedBy] != 0 || m[fActivity] != 0:
		return shapeAudit
	case m[fOperation] != 0 && (m[fWorkload] != 0 || m[fOfficeWorkload] != 0 || m[fRecordType] != 0 || m[fParameters] != 0 || m[fModifiedProperties] != 0):
		return shapeUnified
	case m[fProperties] != 0 && (m[fOperationName] != 0 || m[fCategory] != 0):
		return shapeDiagnostic
	case d.kind(m[fRecords]) == providers.Array || d.kind(m[fValue]) == providers.Array:
		return shapeBatch
	case m[fOperationName] != 0 || m[fCategory] != 0 || m[fRiskState] != 0 || m[fProvisioningAction] != 0,
		m[fCreatedDateTime] != 0 && (m[fStatus] != 0 || m[fUserPrincipalName] != 0):
		return shapeOther
	}
	return shapeUnknown
}

// otherLogs tells of a category of diagnostic settings, or a table of Log
// Analytics, that is not about changes: sign-ins, risks, provisioning runs, network
// traffic.
func otherLogs(category string) bool {
	c := strings.ToLower(category)
	return strings.HasSuffix(c, "signinlogs") || strings.HasSuffix(c, "riskevents") || strings.HasPrefix(c, "risky") ||
		strings.HasPrefix(c, "networkaccess") || c == "provisioninglogs" || c == "microsoftgraphactivitylogs" ||
		c == "enrichedoffice365auditlogs" || c == "remotenetworkhealthlogs" || c == "b2crequestlogs" || c == "azureadgraphactivitylogs"
}
