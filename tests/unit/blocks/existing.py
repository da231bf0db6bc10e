"""A network and a file system that exist already, for blocks that are added to them."""

from wildrydes_ml.blocks import FileSystemMount, Network, Storage

ARN = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"
NETWORK = Network(
    vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"], public_subnet="subnet-0"
)
STORAGE = Storage(file_system="fs-0", access_point="fsap-0", access_point_arn=ARN)
MOUNT = FileSystemMount(subnets=["subnet-1"], security_groups=["sg-1"], access_point_arn=ARN)
