"""Openscoring's Python client, unmodified: a model's life from deployment to its end.

    drive.py URL TOKEN FIRST.pmml SECOND.pmml ROWS.json     prints one JSON object of what came back
"""

import json
import sys

import pandas
from openscoring import EvaluationRequest, Openscoring

url, token, first, second, rows = sys.argv[1:]
client = Openscoring(url, token=token)
rows = json.load(open(rows))
result = {}


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:  # what the client makes of an answer is its own affair
        return str(error)


deployed = client.deployFile("Scored", first)
result["deployed"] = [deployed.id, deployed.miningFunction, sorted(deployed.schema)]
result["one"] = client.evaluate("Scored", rows[0])
result["named"] = client.evaluate("Scored", EvaluationRequest("row-1", rows[0])).id
result["batch"] = client.evaluateBatch("Scored", rows)
frame = client.evaluateCsv("Scored", pandas.DataFrame([{"Id": f"r{i}", **row} for i, row in enumerate(rows)]))
result["csv"] = frame.to_dict("list")
result["broken"] = attempt(client.deploy, "Scored", b"<PMML version='4.4'><nothing/></PMML>")
result["after"] = client.evaluate("Scored", rows[0])
client.deployFile("Scored", second)
result["replaced"] = client.evaluate("Scored", rows[0])
client.undeploy("Scored")
result["gone"] = attempt(client.evaluate, "Scored", rows[0])
result["denied"] = attempt(Openscoring(url, token="other").deployFile, "Scored", first)
print(json.dumps(result))
