"""Certificates for the tests, made by the openssl program."""

import subprocess


def openssl(*arguments, **options):
    options.setdefault("timeout", 60)
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, **options)


def make(folder, name, hosts="DNS:localhost,IP:127.0.0.1", issuer=None, days=30, purpose=None):
    """NAME.pem and NAME.key in the folder; without an issuer, self-signed."""
    folder.mkdir(exist_ok=True)
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={hosts}\n" + (f"extendedKeyUsage={purpose}\n" if purpose else ""))
    request = folder / f"{name}.csr"
    made = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    assert made.returncode == 0, made.stderr
    signer = (["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial"]
              if issuer else ["-signkey", key])
    made = openssl("x509", "-req", "-in", request, *signer, "-out", certificate, "-days", days,
                   "-extfile", extensions)
    assert made.returncode == 0, made.stderr
    return certificate, key


def make_ca(folder, name="ca"):
    folder.mkdir(exist_ok=True)
    made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem",
                   "-subj", f"/CN={name}", "-days", "30")
    assert made.returncode == 0, made.stderr
    return folder / f"{name}.pem"
