"""The public face of `segments`: what the command line, assets and notebooks call.

audiences = load_audiences(home)
with open_published(home) as published:
    preview(published, audiences["silent_high_value"]).reach
    overlap(published, list(audiences.values())).matrix
save_audience(home, {"name": "regulars", …}, who="li", at=now).diff
export_audience(home, "silent_high_value", at=now, destination="aliyun_sms", requested_by="li", reason="召回")
"""

from segments.campaigns.assignment import read_assignment
from segments.campaigns.plan import CODE, Plan, find_plan, free_code, known_plan, load_plans, save_plan
from segments.campaigns.report import BREAKDOWNS, CampaignReport, campaign_report
from segments.campaigns.results import Results, take_results
from segments.campaigns.running import SizedCampaign, export_campaign, size_campaign
from segments.exporting.destination import Destination, find_destination, load_destinations
from segments.exporting.export import export_audience, size_list
from segments.exporting.outcome import ExportReport, ListSize
from segments.exporting.register import Entry as ExportEntry
from segments.exporting.register import entries as export_entries
from segments.insight import CHANNELS, PastSize, TagLift, past_sizes, reach_by_channel, top_tags
from segments.preview import Overlap, Preview, overlap, preview
from segments.published import Published, open_published
from segments.reaching.policy import Policy, load_policy
from segments.reaching.reach import Reach
from segments.reaching.why import Why, why
from segments.rules.comparisons import Calendar
from segments.rules.definition import Label
from segments.rules.dictionary import DataDictionary
from segments.rules.library import Shelf, find_audience, load_audiences, survey_audiences
from segments.rules.load import Audience, RuleFault, load_audience
from segments.rules.naming import Names, read_names
from segments.rules.saving import Change, delete_audience, plan_saving, save_audience
from segments.rules.vocabulary import (
    AskableColumn,
    AskableEvent,
    AskableTag,
    Seen,
    Vocabulary,
    audiences_of,
    column_labels,
    read_vocabulary,
    search_values,
)
from segments.rules.write import audience_from, diff_text
from segments.saying import in_chinese

__all__ = [
    "BREAKDOWNS",
    "CHANNELS",
    "CODE",
    "AskableColumn",
    "AskableEvent",
    "AskableTag",
    "Audience",
    "Calendar",
    "CampaignReport",
    "Change",
    "DataDictionary",
    "Destination",
    "ExportEntry",
    "ExportReport",
    "Label",
    "ListSize",
    "Names",
    "Overlap",
    "PastSize",
    "Plan",
    "Policy",
    "Preview",
    "Published",
    "Reach",
    "Results",
    "RuleFault",
    "Seen",
    "Shelf",
    "SizedCampaign",
    "TagLift",
    "Vocabulary",
    "Why",
    "audience_from",
    "audiences_of",
    "campaign_report",
    "column_labels",
    "delete_audience",
    "diff_text",
    "export_audience",
    "export_campaign",
    "export_entries",
    "find_audience",
    "find_destination",
    "find_plan",
    "free_code",
    "in_chinese",
    "known_plan",
    "load_audience",
    "load_audiences",
    "load_destinations",
    "load_plans",
    "load_policy",
    "open_published",
    "overlap",
    "past_sizes",
    "plan_saving",
    "preview",
    "reach_by_channel",
    "read_assignment",
    "read_names",
    "read_vocabulary",
    "save_audience",
    "save_plan",
    "search_values",
    "size_campaign",
    "size_list",
    "survey_audiences",
    "take_results",
    "top_tags",
    "why",
]
