#!/bin/sh
# Makes the certificates of this folder anew, by an OpenSSL of 3.6 with all its old algorithms; their private keys are thrown away,
# but for those of three that servers show in tests.
set -eu
keys=$(mktemp -d)
trap 'rm -r "$keys"' EXIT
long="-days 36500"

root() { # name, subject, options of req
    name=$1 subject=$2
    shift 2
    openssl req -x509 -noenc -keyout "$keys/$name.key" -subj "$subject" $long -out "$name.pem" "$@"
}
issued() { # name, subject, issuer, extensions or v1 (which has none), options of x509 or req
    name=$1 subject=$2 issuer=$3 extensions=$4
    shift 4
    [ -e "$keys/$name.key" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/$name.key"
    if [ "$extensions" = v1 ]; then
        openssl req -x509 -x509v1 -key "$keys/$name.key" -subj "$subject" -CA "$issuer.pem" -CAkey "$keys/$issuer.key" $long \
            -out "$name.pem" "$@"
        return
    fi
    openssl req -new -key "$keys/$name.key" -subj "$subject" -out "$keys/$name.csr"
    printf '%b' "$extensions" > "$keys/$name.ext"
    openssl x509 -req -in "$keys/$name.csr" -CA "$issuer.pem" -CAkey "$keys/$issuer.key" $long -out "$name.pem" \
        -extfile "$keys/$name.ext" "$@"
}

ca="basicConstraints=critical,CA:TRUE"
host="subjectAltName=DNS:localhost"
root rsa-root "/CN=RSA Root" -newkey rsa:2048
root ec-root "/CN=EC Root" -newkey ec -pkeyopt ec_paramgen_curve:P-384
issued rsa-sha1 /CN=localhost rsa-root "$host" -sha1
issued rsa-md5 /CN=localhost rsa-root "$host" -md5
issued ec-sha1 /CN=localhost ec-root "$host" -sha1
# Version 1: under a root, under an authority, under what is none.
issued v1 /CN=localhost rsa-root v1
issued v1-sha1 /CN=localhost rsa-root v1 -sha1
issued middle /CN=Middle rsa-root "$ca\nkeyUsage=keyCertSign"
issued v1-under-middle /CN=localhost middle v1
issued leaf /CN=localhost rsa-root "$host"
issued v1-under-leaf /CN=localhost leaf v1
issued no-signer "/CN=No Signer" rsa-root "$ca\nkeyUsage=cRLSign"
issued v1-under-no-signer /CN=localhost no-signer v1
issued clients "/CN=For Clients" rsa-root "$ca\nextendedKeyUsage=clientAuth"
issued v1-under-clients /CN=localhost clients v1
issued shallow /CN=Shallow rsa-root "$ca,pathlen:0"
issued deep /CN=Deep shallow "$ca"
issued v1-under-deep /CN=localhost deep v1
issued v1-authority "/CN=Version 1 Authority" rsa-root v1
issued under-v1-authority /CN=localhost v1-authority "$host"
issued v1-under-v1-authority /CN=localhost v1-authority v1
# Certificates with a common name only.
issued bare /CN=localhost rsa-root "basicConstraints=CA:FALSE"
issued constrained /CN=Constrained rsa-root "$ca\nnameConstraints=permitted;DNS:example.org"
issued bare-under-constrained /CN=localhost constrained "basicConstraints=CA:FALSE"
issued v1-under-constrained /CN=localhost constrained v1
openssl genrsa -out "$keys/rsa1024.key" 1024
issued rsa1024 /CN=localhost rsa-root "$host"
cp "$keys/rsa1024.key" rsa1024.key.pem
cp "$keys/v1-sha1.key" v1-sha1.key.pem
cp "$keys/rsa-md5.key" rsa-md5.key.pem
