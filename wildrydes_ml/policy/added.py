"""Rights for what people add to an App most: alarms, a dashboard, queues, topics, tables and buckets.

They are for resources that stand alone: keys of KMS, replicas, imports, and delivery to other services need rights of
those services, too. Sources: as in `rights`.
"""

from .rows import made

ADDED = (
    # Its policy must be for all alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
    # API_DescribeAlarms.html
    made("CloudWatch::Alarm", "crud", "all", "cloudwatch:DescribeAlarms"),
    made("CloudWatch::Alarm", "cru", "alarms", "cloudwatch:ListTagsForResource"),
    made("CloudWatch::Alarm", "cu", "alarms", "cloudwatch:PutMetricAlarm TagResource UntagResource"),
    made("CloudWatch::Alarm", "d", "alarms", "cloudwatch:DeleteAlarms"),
    made("CloudWatch::Dashboard", "crud", "dashboards", "cloudwatch:GetDashboard ListTagsForResource"),
    made("CloudWatch::Dashboard", "cu", "dashboards", "cloudwatch:PutDashboard TagResource UntagResource"),
    made("CloudWatch::Dashboard", "d", "dashboards", "cloudwatch:DeleteDashboards"),
    made("SQS::Queue", "crud", "queues", "sqs:GetQueueAttributes GetQueueUrl ListQueueTags"),
    made("SQS::Queue", "cu", "queues", "sqs:CreateQueue SetQueueAttributes TagQueue UntagQueue"),
    made("SQS::Queue", "d", "queues", "sqs:DeleteQueue"),
    made(
        "SNS::Topic", "crud", "topics",
        "sns:GetTopicAttributes GetDataProtectionPolicy ListSubscriptionsByTopic ListTagsForResource",
    ),
    made("SNS::Topic", "cu", "topics", "sns:CreateTopic SetTopicAttributes PutDataProtectionPolicy Subscribe"),
    made("SNS::Topic", "cu", "topics", "sns:Unsubscribe TagResource UntagResource"),
    made("SNS::Topic", "d", "topics", "sns:DeleteTopic"),
    made(
        "DynamoDB::Table", "crud", "tables",
        "dynamodb:DescribeTable DescribeContinuousBackups DescribeContributorInsights DescribeTimeToLive "
        "DescribeKinesisStreamingDestination GetResourcePolicy ListTagsOfResource",
    ),
    made(
        "DynamoDB::Table", "cu", "tables",
        "dynamodb:CreateTable UpdateTable UpdateTimeToLive UpdateContinuousBackups UpdateContributorInsights "
        "PutResourcePolicy DeleteResourcePolicy TagResource UntagResource",
    ),
    made("DynamoDB::Table", "d", "tables", "dynamodb:DeleteTable"),
    made(
        "S3::Bucket", "crud", "buckets of the stack",
        "s3:ListBucket ListTagsForResource GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac "
        "GetBucketAcl GetBucketCORS GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration "
        "GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite "
        "GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration "
        "GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration "
        "GetBucketMetadataTableConfiguration",
    ),
    made(
        "S3::Bucket", "cu", "buckets of the stack",
        "s3:CreateBucket TagResource UntagResource PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac "
        "PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration "
        "PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutBucketWebsite "
        "PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration "
        "PutLifecycleConfiguration PutMetricsConfiguration",
    ),
    made(
        "S3::Bucket", "u", "buckets of the stack",
        "s3:DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle "
        "DeleteBucketMetricsConfiguration DeleteBucketWebsite",
    ),
    made("S3::Bucket", "d", "buckets of the stack", "s3:DeleteBucket"),
)  # fmt: skip
