package fidotest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"time"
)

// U2FRegister answers a register request of U2F: client data and registration
// message, base64url. The attestation certificate is the key's own, for its
// common name, and valid until a moment.
func (k *Key) U2FRegister(app, challenge, origin, name string, until time.Time) (clientData, message string) {
	k.tb.Helper()
	client := k.u2fClient("navigator.id.finishEnrollment", challenge, origin)
	template := &x509.Certificate{SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: name, Organization: []string{"Sample Keys"}},
		NotBefore: until.AddDate(-5, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.private.PublicKey, k.private)
	if err != nil {
		k.tb.Fatal(err)
	}
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		k.tb.Fatal(err)
	}
	appHash, clientHash := sha256.Sum256([]byte(app)), sha256.Sum256(client)
	signed := append([]byte{0}, appHash[:]...)
	signed = append(append(append(signed, clientHash[:]...), k.ID...), point...)
	m := append(append([]byte{5}, point...), byte(len(k.ID)))
	m = append(append(m, k.ID...), der...)
	return B64(client), B64(append(m, k.sum(signed)...))
}

// U2FSign answers a sign request of U2F.
func (k *Key) U2FSign(app, challenge, origin string) (clientData, message string) {
	k.tb.Helper()
	client := k.u2fClient("navigator.id.getAssertion", challenge, origin)
	appHash, clientHash := sha256.Sum256([]byte(app)), sha256.Sum256(client)
	state := binary.BigEndian.AppendUint32([]byte{UP}, k.Count)
	signed := append(append(appHash[:], state...), clientHash[:]...)
	return B64(client), B64(append(state, k.sum(signed)...))
}

func (k *Key) u2fClient(typ, challenge, origin string) []byte {
	b, err := json.Marshal(map[string]string{"typ": typ, "challenge": challenge, "origin": origin})
	if err != nil {
		k.tb.Fatal(err)
	}
	return b
}

func (k *Key) sum(data []byte) []byte {
	hash := sha256.Sum256(data)
	sig, err := ecdsa.SignASN1(rand.Reader, k.private, hash[:])
	if err != nil {
		k.tb.Fatal(err)
	}
	return sig
}
