package entrasim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Entra names certificates by it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"time"
)

// assertionHeader names the certificate by its thumbprint: x5t is SHA-1,
// x5t#S256 SHA-256, both base64url.
type assertionHeader struct {
	Alg    string `json:"alg"`
	X5T    string `json:"x5t"`
	X5T256 string `json:"x5t#S256"`
}

type assertionClaims struct {
	Iss string  `json:"iss"`
	Sub string  `json:"sub"`
	Aud any     `json:"aud"`
	Exp float64 `json:"exp"`
	Nbf float64 `json:"nbf"`
	Jti string  `json:"jti"`
}

// checkAssertion verifies a client assertion signed with one of the
// application's certificates, and answers the refusal when it is wrong.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (s *Sim) checkAssertion(c *call, app *Application, form url.Values) *answer {
	no := func(number int, text string) *answer {
		a := s.refuseToken(401, "invalid_client", number, text)
		return &a
	}
	if form.Get("client_assertion_type") != assertionType {
		return no(50027, "JWT token is invalid or malformed: the client_assertion_type is not supported.")
	}
	parts := strings.Split(form.Get("client_assertion"), ".")
	var header assertionHeader
	var claims assertionClaims
	if len(parts) != 3 || !readPart(parts[0], &header) || !readPart(parts[1], &claims) {
		return no(50027, "JWT token is invalid or malformed.")
	}
	key := publicKey(append(slices.Clone(app.Keys), s.principal(app.AppID).Keys...), header)
	if key == nil {
		return no(700027, "The certificate with identifier used to sign the client assertion is not registered on application.")
	}
	if !verify(key, header.Alg, parts) {
		return no(700027, "Client assertion failed signature validation.")
	}
	now, exp := s.now(), time.Unix(int64(claims.Exp), 0)
	switch {
	case !strings.EqualFold(claims.Iss, app.AppID) || !strings.EqualFold(claims.Sub, app.AppID):
		return no(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !s.audience(c, claims.Aud):
		return no(700023, "Client assertion audience claim does not match Realm issuer.")
	case !exp.After(now) || now.Add(5*time.Minute).Before(time.Unix(int64(claims.Nbf), 0)):
		return no(700024, "Client assertion is not within its valid time range.")
	case claims.Jti == "":
		return no(50027, "JWT token is invalid or malformed: the jti claim is missing.")
	case s.assertions[claims.Jti].After(now):
		return no(7000214, "The client assertion with this jti has already been used.")
	}
	s.assertions[claims.Jti] = exp
	return nil
}

// audience accepts the token endpoint or the issuer, at Microsoft's address or
// at the one the caller used.
func (s *Sim) audience(c *call, aud any) bool {
	list, _ := aud.([]any)
	if one, ok := aud.(string); ok {
		list = []any{one}
	}
	return slices.ContainsFunc(list, func(a any) bool {
		text, _ := a.(string)
		u, err := url.Parse(text)
		if err != nil || u.Host != c.r.Host && u.Host != "login.microsoftonline.com" {
			return false
		}
		tenant, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		return strings.EqualFold(tenant, s.org.TenantID) && slices.Contains([]string{"oauth2/v2.0/token", "oauth2/token", "v2.0"}, rest)
	})
}

func readPart(part string, v any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, v) == nil
}

// publicKey finds the certificate a header names, and returns its public key.
func publicKey(keys []Key, h assertionHeader) *rsa.PublicKey {
	for _, k := range keys {
		block, _ := pem.Decode([]byte(k.Certificate))
		if block == nil {
			continue
		}
		one, two := sha1.Sum(block.Bytes), sha256.Sum256(block.Bytes) //nolint:gosec // as above
		named := h.X5T != "" && strings.TrimRight(h.X5T, "=") == base64.RawURLEncoding.EncodeToString(one[:]) ||
			h.X5T256 != "" && strings.TrimRight(h.X5T256, "=") == base64.RawURLEncoding.EncodeToString(two[:])
		cert, err := x509.ParseCertificate(block.Bytes)
		if !named || err != nil {
			continue
		}
		if public, ok := cert.PublicKey.(*rsa.PublicKey); ok {
			return public
		}
	}
	return nil
}

// verify checks the signature. Entra takes PS256 and, from older clients, RS256.
func verify(key *rsa.PublicKey, alg string, parts []string) bool {
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch alg {
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], sig, nil) == nil
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}
