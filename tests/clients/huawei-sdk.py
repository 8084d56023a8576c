"""Every call of Huawei Cloud's SDKs for BMS and CloudDC against an Ingot, as a user of theirs would make it.

Reads where and as whom from a JSON object on stdin, and writes one JSON object: per call what its typed answer has,
or under "failed" what went wrong.
"""

import importlib
import json
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials

about = json.load(sys.stdin)
credentials = BasicCredentials(about["access"], about["secret"], about["project"])
answers = {}
failed = {}


class Door:
    """A client of one service; calls are named and built as in its documentation."""

    def __init__(self, package, name):
        self.module = importlib.import_module(package)
        client = getattr(self.module, name)
        self.client = client.new_builder().with_credentials(credentials).with_endpoint(about["origin"]).build()

    def __call__(self, method, **fields):
        request = getattr(self.module, "".join(word.capitalize() for word in method.split("_")) + "Request")
        try:
            answer = getattr(self.client, method)(request(**fields))
            found = told(answer)
            answers.setdefault(method, found)
            return found
        except Exception as error:
            failed[method] = f"{type(error).__name__}: {error}"
            return {}


def told(answer):
    """As JSON where it is JSON: two calls answer a bare text, and one a file."""
    try:
        return answer.to_json_object()
    except (AttributeError, ValueError):
        return answer.to_dict() if hasattr(answer, "to_dict") else {}


bms = Door("huaweicloudsdkbms.v1", "BmsClient")
cloud_dc = Door("huaweicloudsdkclouddc.v1", "CloudDCClient")


def job_end(job_id):
    while True:
        job = bms("show_job_infos", job_id=job_id)
        if job.get("status") in ("SUCCESS", "FAIL", None):
            return job
        time.sleep(0.05)


def done(answer):
    job = job_end(answer.get("job_id") or answer.get("jobId"))
    if job.get("status") != "SUCCESS":
        failed.setdefault("a job", json.dumps(job))
    return job


def servers(*ids):
    return [{"id": one} for one in ids]


def settled(instance):
    """Until nothing is under way for an instance; its state then."""
    while True:
        found = cloud_dc("show_instance_status", id=instance)
        state, operation = found.get("state"), found.get("operation_state") or ""
        if state not in ("pending", "shutting-down") and not operation.endswith("processing"):
            return state
        time.sleep(0.05)


def powered(node, state):
    while True:
        found = cloud_dc("show_server", id=node)
        if not found or (found.get("power_state") == state and not found.get("operation_state", "").endswith("processing")):
            return
        time.sleep(0.05)


def live_through_bms():
    bms("show_specified_version", api_version="v1")
    bms("list_baremetal_flavor_detail_extends")
    bms("show_available_resource", availability_zone=[about["zone"]])
    bms("show_tenant_quota")
    nic = {"subnet_id": about["network"]}
    made = bms(
        "create_bare_metal_servers",
        body={
            "server": {
                "name": "typed",
                "imageRef": about["image"],
                "flavorRef": about["flavor"],
                "availability_zone": about["zone"],
                "vpcid": about["vpc"],
                "nics": [nic],
                "adminPass": about["password"],
                "metadata": {"op_svc_userid": about["user"]},
                "extendparam": {"chargingMode": "postPaid"},
                "data_volumes": [{"volumetype": "SAS", "size": 20}],
            }
        },
    )
    job = done(made)
    server = job["entities"]["sub_jobs"][0]["entities"]["server_id"]
    bms("list_bare_metal_server_details", server_id=server)
    bms("list_bare_metal_servers", name="typed", limit=10, offset=1)
    bms("list_bare_metal_servers_detail", name="typed", limit=10, offset=1)
    bms("change_baremetal_server_name", server_id=server, body={"server": {"name": "renamed"}})
    bms("update_baremetal_server_metadata", server_id=server, body={"metadata": {"role": "db"}})
    options = {"http_endpoint": "enabled", "http_tokens": "required"}
    bms("update_metadata_options", server_id=server, body=options)
    bms("show_metadata_options", server_id=server)
    tags = {"tags": [{"key": "team", "value": "storage"}]}
    bms("batch_create_baremetal_server_tags", server_id=server, body={"action": "create", **tags})
    bms("show_baremetal_server_tags", server_id=server)
    bms("batch_delete_baremetal_server_tags", server_id=server, body={"action": "delete", **tags})
    bms("show_reset_pwd", server_id=server)
    bms("reset_pwd_one_click", server_id=server, body={"reset-password": {"new_password": about["password"]}})
    bms("show_windows_baremetal_server_pwd", server_id=server)
    bms("delete_windows_bare_metal_server_password", server_id=server)
    if about["consoles"]:
        console = {"remote_console": {"protocol": "serial", "type": "serial"}}
        bms("show_server_remote_console", server_id=server, body=console)
    volume = bms("show_baremetal_server_volume_info", server_id=server)["volumeAttachments"][0]["volumeId"]
    done(bms("detach_baremetal_server_volume", server_id=server, attachment_id=volume))
    attachment = {"volumeAttachment": {"volumeId": volume, "device": ""}}
    done(bms("attach_baremetal_server_volume", server_id=server, body=attachment))
    done(bms("add_server_nics", server_id=server, body={"nics": [nic]}))
    ports = bms("show_baremetal_server_interface_attachments", server_id=server)["interfaceAttachments"]
    second = ports[-1]["port_id"]
    keep = {"interface_attachment": {"delete_on_termination": True}}
    bms("update_baremetal_server_interface_attachments", server_id=server, port_id=second, body=keep)
    virtual = {"nic": {"subnet_id": about["network"], "ip_addresses": [], "reverse_binding": [True]}}
    bms("modify_vm_nic", nic_id=second, body=virtual)
    done(bms("delete_server_nics", server_id=server, body={"nics": servers(second)}))
    done(bms("batch_reboot_baremetal_servers", body={"reboot": {"type": "HARD", "servers": servers(server)}}))
    stop = {"os-stop": {"type": "HARD", "servers": servers(server)}}
    done(bms("batch_stop_baremetal_servers", body=stop))
    done(bms("batch_start_baremetal_servers", body={"os-start": {"servers": servers(server)}}))
    done(bms("batch_stop_baremetal_servers", body=stop))
    reinstall = {"os-reinstall": {"adminpass": about["password"], "userid": about["user"]}}
    done(bms("reinstall_baremetal_server_os", server_id=server, body=reinstall))
    done(bms("batch_stop_baremetal_servers", body=stop))
    change = {"os-change": {"imageid": about["otherImage"], "adminpass": about["password"], "userid": about["user"]}}
    done(bms("change_baremetal_server_os", server_id=server, body=change))
    gone = {"servers": servers(server), "delete_publicip": False, "delete_volume": True}
    done(bms("delete_baremetal_server", body=gone))
    answers["at last"] = bms("list_bare_metal_server_details", server_id=server)


def live_through_cloud_dc():
    wish = {
        "name": "typed",
        "image_id": about["image"],
        "vpc_id": about["vpc"],
        "network_interfaces": [{"subnet_id": about["network"]}],
        "password": about["password"],
    }
    instance = cloud_dc("create_instance", body=wish)["instance_id"]
    others = cloud_dc("run_instances", body={**wish, "min_count": 1, "max_count": 2})["instances"]
    others = [one["id"] for one in others]
    for one in [instance, *others]:
        settled(one)
    found = cloud_dc("list_instances", limit="10", instance_id=instance)
    node = found["instances"][0]["server_id"]
    cloud_dc("list_servers", manage_state="in-use", limit=10)
    for method in ("show_server", "show_server_hardware_attributes", "show_server_firmware_attributes"):
        cloud_dc(method, id=node)
    cloud_dc("show_server_status")
    if about["consoles"]:
        cloud_dc("show_remote_console", id=node)
    export = cloud_dc("export_server_logs", id=node)["export_id"]
    cloud_dc("show_logs_export_status", id=node, export_id=export)
    cloud_dc("download_server_logs", id=node, export_id=export)
    cloud_dc("change_instance_password", body={"new_password": about["password"], "instance_id_set": [instance]})
    nics = {"nics": [{"subnet_id": about["network"], "ip_address": ""}]}
    cloud_dc("modify_instance_ip", id=instance, body=nics)
    settled(instance)
    cloud_dc("reinstall_os", body={"password": about["password"], "instance_id_set": [instance]})
    settled(instance)
    now = int(time.time())
    seconds = {"_from": str(now - 3600), "to": str(now + 3600)}
    cloud_dc("list_alarms", limit=10, offset=0, **seconds)
    cloud_dc("show_alarm_summary")
    cloud_dc("show_alarm_trend", **seconds)
    cloud_dc("list_events", limit=10, offset=0, _from=f"{now - 3600}000", to=f"{now + 3600}000")
    cloud_dc("show_event", event_id="hardware-fault")
    tags = {"tags": [{"key": "team", "value": "storage"}]}
    for method in ("batch_create_tags", "batch_delete_tags"):
        cloud_dc(method, resource_type="physicalservers", resource_id=node, body=tags)
    room = cloud_dc("list_i_dcs", region=about["region"])["idcs"][0]["id"]
    cloud_dc("update_i_dcs", body=[{"id": room, "description": "the first room"}])
    rack = cloud_dc("list_i_racks", region=about["region"])["iracks"][0]["id"]
    cloud_dc("update_i_rack", irack_id=rack, body={"description": "by the door"})
    for method in ("batch_create_irack_tags", "batch_delete_irack_tags"):
        cloud_dc(method, id=rack, body=tags)
    found = cloud_dc("list_instances", instance_id=",".join([instance, *others]))
    nodes = [one["server_id"] for one in found["instances"]]
    cloud_dc("change_server_power_state", body={"action": "power off", "server_id_set": nodes})
    for one in nodes:
        powered(one, "off")
    cloud_dc("delete_instance", id=instance)
    cloud_dc("delete_instances", body={"instance_id_set": others})
    answers["states at last"] = [settled(one) for one in [instance, *others]]


live_through_bms()
live_through_cloud_dc()
print(json.dumps({"answers": answers, "failed": failed}))
