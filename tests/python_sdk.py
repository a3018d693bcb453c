"""The vendor's SDK against a service: its main operations, signed with an access key.

Called as: python_sdk.py ENDPOINT PROJECT_ID ACCESS_KEY SECRET_KEY
"""

import base64
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcsms import v1 as csms

NAME = "python-demo"
endpoint, project_id, access_key, secret_key = sys.argv[1:]
client = (
    csms.CsmsClient.new_builder()
    .with_credentials(BasicCredentials(access_key, secret_key, project_id))
    .with_endpoint(endpoint)
    .build()
)


def refusal(call):
    """The status and the code that a call fails with."""
    try:
        call()
    except ClientRequestException as error:
        assert error.request_id, "an error without a request id"
        return error.status_code, error.error_code
    raise AssertionError("the call should have failed")


def create(name=NAME):
    body = csms.CreateSecretRequestBody(name=name, secret_string="hunter2 é")
    return client.create_secret(csms.CreateSecretRequest(body=body)).secret


def show(name=NAME):
    return client.show_secret(csms.ShowSecretRequest(secret_name=name)).secret


def show_version(version_id):
    request = csms.ShowSecretVersionRequest(secret_name=NAME, version_id=version_id)
    return client.show_secret_version(request).version


def delete():
    client.delete_secret(csms.DeleteSecretRequest(secret_name=NAME))


secret = create()
assert show().id == secret.id
assert refusal(create) == (400, "CSMS.0002")
assert refusal(lambda: show("other")) == (404, "CSMS.0101")

create("python-other")
page = client.list_secrets(csms.ListSecretsRequest(limit="1"))
assert [found.name for found in page.secrets] == [NAME]
request = csms.ListSecretsRequest(limit="1", marker=page.page_info.next_marker)
page = client.list_secrets(request)
assert [found.name for found in page.secrets] == ["python-other"]
assert page.page_info.next_marker is None

binary = base64.b64encode(b"\x00\xff").decode()
body = csms.CreateSecretVersionRequestBody(secret_binary=binary)
request = csms.CreateSecretVersionRequest(secret_name=NAME, body=body)
metadata = client.create_secret_version(request).version_metadata
assert (metadata.id, metadata.version_stages) == ("v2", ["SYSCURRENT"])
assert show_version("latest").secret_binary == binary
assert show_version("v1").secret_string == "hunter2 é"
assert show_version("v1").version_metadata.version_stages == ["SYSPREVIOUS"]
request = csms.ShowSecretStageRequest(secret_name=NAME, stage_name="SYSPREVIOUS")
assert client.show_secret_stage(request).stage.version_id == "v1"

body = csms.CreateSecretTagRequestBody(tag=csms.TagItem(key="team", value="blue"))
request = csms.CreateSecretTagRequest(secret_id=secret.id, body=body)
client.create_secret_tag(request)
tags = client.list_secret_tags(csms.ListSecretTagsRequest(secret_id=secret.id)).tags
assert [(tag.key, tag.value) for tag in tags] == [("team", "blue")]

request = csms.DownloadSecretBlobRequest(secret_name=NAME)
blob = client.download_secret_blob(request).secret_blob
body = csms.UploadSecretBlobRequestBody(secret_blob=blob)
upload = csms.UploadSecretBlobRequest(body=body)
assert refusal(lambda: client.upload_secret_blob(upload)) == (400, "CSMS.0002")
delete()
assert refusal(show) == (404, "CSMS.0101")
assert client.upload_secret_blob(upload).secret.name == NAME
assert show_version("v1").secret_string == "hunter2 é"

body = csms.DeleteSecretForScheduleRequestBody(recovery_window_in_days=7)
request = csms.DeleteSecretForScheduleRequest(secret_name=NAME, body=body)
assert client.delete_secret_for_schedule(request).secret.state == "PENDING_DELETE"
assert refusal(lambda: show_version("v1")) == (400, "CSMS.0103")
request = csms.RestoreSecretRequest(secret_name=NAME)
assert client.restore_secret(request).secret.state == "ENABLED"
delete()

print("the SDK works with the service")
