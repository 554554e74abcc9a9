"""Seldon Core 1's own parts, in an environment of their own: its microservice, its client.

    original.py serve MODEL.joblib PORT     its microservice for Python, with a model as its users write one
    original.py ask HOST:PORT               asks with SeldonClient; prints one JSON object
"""

import json
import os
import sys
import tempfile

WRAPPER = '''
import joblib


class Model:
    def __init__(self):
        self.model = joblib.load(PATH)
        self.class_names = [str(name) for name in self.model.classes_]

    def predict(self, X, features_names=None):
        return self.model.predict_proba(X)
'''


def serve(path, port):
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "Model.py"), "w") as file:
        file.write(WRAPPER.replace("PATH", repr(path)))
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.environ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"] = port
    os.environ["PREDICTIVE_UNIT_GRPC_SERVICE_PORT"] = str(int(port) + 1)
    os.environ["PREDICTIVE_UNIT_METRICS_SERVICE_PORT"] = str(int(port) + 2)
    sys.argv = ["seldon-core-microservice", "Model", "--service-type", "MODEL", "--single-threaded", "1"]
    from seldon_core.microservice import main

    main()


def ask(address):
    import numpy
    from seldon_core.seldon_client import SeldonClient
    from seldon_core.utils import json_to_seldon_message

    rows = numpy.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    result = {}
    for payload in ("ndarray", "tensor"):
        client = SeldonClient(gateway="ambassador", transport="rest", gateway_endpoint=address, namespace="team",
                              deployment_name="iris", payload_type=payload, client_return_type="dict")
        got = client.predict(data=rows)
        result[payload] = [got.success, got.response]
        asked, answered = (json_to_seldon_message(message) for message in ({"data": {"ndarray": rows.tolist()}}, got.response))
        sent = client.feedback(prediction_request=asked, prediction_response=answered, reward=0.5)
        result["feedback " + payload] = sent.success
    got = SeldonClient(gateway="seldon", transport="rest", gateway_endpoint=address, client_return_type="dict").predict(
        data=rows, names=["a", "b", "c", "d"])
    result["plain"] = [got.success, got.response]
    got = SeldonClient(gateway="ambassador", transport="rest", gateway_endpoint=address, namespace="team",
                       deployment_name="rose", client_return_type="dict").predict(data=rows)
    result["no model"] = [got.success, str(got.msg)]
    print(json.dumps(result))


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
