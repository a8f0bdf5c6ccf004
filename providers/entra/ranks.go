package entra

import "github.com/countersign/countersign/holds"

// userAccessAdministrator is Azure's role of that name.
const userAccessAdministrator = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"

// rankOf says how far a built-in role reaches, by its template's id. Top are the
// roles that can make anybody a global administrator or sign in as one; privileged
// are the rest that Microsoft marks so, and those over mail, files, devices and
// domains; ordinary ones are read-only or about one product. A role that is not
// listed, such as an organisation's own, has no rank and is judged like the top.
//
// See https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
// and https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
func rankOf(template string) holds.Rank {
	switch template {
	case "62e90394-69f5-4237-9190-012177145e10", // Global Administrator
		"e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role Administrator
		"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication Administrator
		"e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", // Partner Tier2 Support
		"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", // Hybrid Identity Administrator
		"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application Administrator
		"158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application Administrator
		"8329153b-31d0-4727-b945-745eb3bc5f31", // Domain Name Administrator
		"194ae4cb-b126-40b2-bd5b-6091b380977d", // Security Administrator
		"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access Administrator
		"be2f45a1-457d-42af-a067-6ec1fa63bc45", // External Identity Provider Administrator
		"d29b2b05-8046-44ba-8758-1e26182fcf32", // Directory Synchronization Accounts
		"9360feb5-f418-4baa-8175-e2a00bac4301", // Directory Writers
		"db506228-d27e-4b7d-95e5-295956d6615f": // Agent ID Administrator
		return holds.RankTop
	}
	if privileged(template) {
		return holds.RankPrivileged
	}
	if ordinary(template) {
		return holds.RankOrdinary
	}
	return ""
}

func privileged(template string) bool {
	switch template {
	case "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication Administrator
		"0526716b-113d-4c15-b2c8-68e3c22b9f80", // Authentication Policy Administrator
		"25a516ed-2fa0-40ea-a2d0-12923a21473a", // Authentication Extensibility Administrator
		"29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange Administrator
		"31392ffb-586c-42d1-9346-e59415a2cc4e", // Exchange Recipient Administrator
		"49eb8f75-97e9-4e37-9b2b-6c3ebfcffa31", // Exchange Backup Administrator
		"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint Administrator
		"9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be", // SharePoint Backup Administrator
		"69091246-20e8-4a56-aa4d-066075b2a7a8", // Teams Administrator
		"fe930be7-5e62-47db-91af-98c3a49a38b1", // User Administrator
		"729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk Administrator
		"966707d0-3269-4727-9be2-8c3a10f19b9d", // Password Administrator
		"4ba39ca4-527c-499a-b93d-d9b492c50246", // Partner Tier1 Support
		"3a2c62db-5318-420d-8d74-23affee5d9d5", // Intune Administrator
		"7698a772-787b-4ac8-901f-60d6b08affd2", // Cloud Device Administrator
		"9f06204d-73c1-4d4c-880a-6edb90606fd8", // Microsoft Entra Joined Device Local Administrator
		"fdd7a751-b60b-444a-984c-02652fe8fa1c", // Groups Administrator
		"45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", // Identity Governance Administrator
		"59d46f88-662b-457b-bceb-5c3809e5908f", // Lifecycle Workflows Administrator
		"cf1c38e5-3621-4004-a7cb-879624dced7c", // Application Developer
		"adb2368d-a9be-41b5-8667-d96778e081b0", // Agent ID Developer
		"ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe", // Attribute Provisioning Administrator
		"422218e4-db15-4ef9-bbe0-8afb41546d79", // Attribute Provisioning Reader
		"aaf43236-0c0d-4d5f-883a-6955382ac081", // B2C IEF Keyset Administrator
		"3edaf663-341e-4475-9f94-5c398ef6c070", // B2C IEF Policy Administrator
		"5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", // Security Operator
		"f2ef992c-3afb-46b9-b7cf-a126ee74c451", // Global Reader
		"5d6b6bb7-de71-4623-b4af-96380a352509", // Security Reader
		"ac434307-12b9-4fa1-a708-88bf58caabc1", // Global Secure Access Administrator
		"17315797-102d-40b4-93e0-432062caca18", // Compliance Administrator
		"e6d1a23a-da11-4be4-9570-befc86d067a7", // Compliance Data Administrator
		"5c4f9dcd-47dc-4cf7-8c9a-9e4207cbfc91", // Customer LockBox Access Approver
		"1707125e-0aa2-4d4d-8655-a7c786c76a25", // Microsoft 365 Backup Administrator
		"af78dc32-cf4d-46f9-ba4e-4428526346b5", // Permissions Management Administrator
		"11451d60-acb2-45eb-a7d6-43d0f0125c13", // Windows 365 Administrator
		"11648597-926c-4cf3-9c36-bcebb0ba8dcc", // Power Platform Administrator
		"e3973bdf-4987-49ae-837a-ba8e231c7286", // Azure DevOps Administrator
		"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Azure: Owner
		"f58310d9-a9f6-439a-9e8d-f62e7b41a168", // Azure: Role Based Access Control Administrator
		userAccessAdministrator:
		return true
	}
	return false
}

func ordinary(template string) bool {
	switch template {
	case "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", // Directory Readers
		"95e79109-95c0-4d8e-aee3-d01accf2d47b", // Guest Inviter
		"4a5d8f65-41da-4de4-8968-e035b65339cf", // Reports Reader
		"790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", // Message Center Reader
		"ac16e43d-7b2d-40e0-ac05-243ff356ab5b", // Message Center Privacy Reader
		"75934031-6c7e-415a-99d7-48dbd49e875e", // Usage Summary Reports Reader
		"1076ac91-f3d9-41a7-a339-dcdf5f480acc", // Teams Reader
		"ffd52fa5-98dc-465c-991d-fc073eb59f8f", // Attribute Assignment Reader
		"1d336d2c-4ae8-42ef-9711-b3604ce3fc2c", // Attribute Definition Reader
		"9c99539d-8186-4804-835f-fd51ef9e2dcd", // Attribute Log Reader
		"843318fb-79a6-4168-9e6f-aa9a07481cc4", // Global Secure Access Log Reader
		"f023fd81-a637-4b56-95fd-791ac0226033", // Service Support Administrator
		"b0f54661-2d74-4c50-afa3-1ec803f12efe", // Billing Administrator
		"4d6ac14f-3453-41d0-bef9-a3e0c569773a", // License Administrator
		"2b745bdf-0803-4d80-aa65-822c4493daac", // Office Apps Administrator
		"644ef478-e28f-4e28-b9dc-3fdde9aa0b1f", // Printer Administrator
		"e8cef6f1-e4bd-4ea8-bc07-4b8d950f4477", // Printer Technician
		"0964bb5e-9bdb-4d7b-ac29-58e794862a40", // Search Administrator
		"8835291a-918c-4fd7-a9ce-faa49f0cf7d9", // Search Editor
		"a9ea8996-122f-4c74-9520-8edcd192826c", // Fabric Administrator
		"44367163-eba1-44c3-98af-f5787879f96a", // Dynamics 365 Administrator
		"d37c8bed-0711-4417-ba38-b4abe66ce4c2", // Network Administrator
		"3d762c5a-1b6c-493f-843e-55a3b42923d4", // Teams Devices Administrator
		"baf37b3a-610e-45da-9e62-d9d1e5e8914b", // Teams Communications Administrator
		"f70938a0-fc10-4177-9e90-2178f8765737", // Teams Communications Support Engineer
		"fcf91098-03e3-41a9-b5ba-6f0ec8188a12", // Teams Communications Support Specialist
		"b5a8dcf3-09d5-43a9-a639-8e29ef291470", // Knowledge Administrator
		"744ec460-397e-42ad-a462-8b3f9747a02c", // Knowledge Manager
		"024906de-61e5-49c8-8572-40335f1e0e10", // People Administrator
		"78b0ccd1-afc2-4f92-9116-b41aedd09592", // Places Administrator
		"92ed04bf-c94a-4b82-9729-b799a7a4c178", // Organizational Branding Administrator
		"810a2642-a034-447f-a5e8-41beaa378541", // Yammer Administrator
		"3f1acade-1e04-4fbc-9b69-f0302cd84aef", // Edge Administrator
		"9c6df0f2-1e7c-4dc3-b195-66dfbd24aa8f", // Attack Payload Author
		"c430b396-e693-46cc-96f3-db01bf8bb62a", // Attack Simulation Administrator
		"27460883-1df1-4691-b032-3b79643e5e63", // User Experience Success Manager
		"25df335f-86eb-4119-b717-0ff02de207e9", // Insights Analyst
		"31e939ad-9672-4796-9c2e-873181342d2d", // Insights Business Leader
		"eb1f4a8d-243a-41f0-9fbd-c7cdf6c5ef7c", // Insights Administrator
		"acdd72a7-3385-48ef-bd42-f606fba81ae7", // Azure: Reader
		"b24988ac-6180-42a0-ab88-20f7382dd24c": // Azure: Contributor
		return true
	}
	return false
}
