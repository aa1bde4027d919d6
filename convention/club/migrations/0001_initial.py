import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import convention.text.phone_numbers
from django.conf import settings
from django.db import migrations, models


# On SQLite, where one connection writes at a time, the actions check it.
NO_OVERLAP = """
    ALTER TABLE club_membership ADD CONSTRAINT membership_one_at_a_time EXCLUDE USING gist (
        int8range(company_id, company_id, '[]') WITH &&,
        daterange(starts_on, LEAST(left_on, ends_on + 1), '[)') WITH &&
    );
    ALTER TABLE club_seat ADD CONSTRAINT seat_once_at_a_time EXCLUDE USING gist (
        int8range(membership_id, membership_id, '[]') WITH &&,
        int8range(person_id, person_id, '[]') WITH &&,
        daterange(starts_on, ends_on, '[]') WITH &&
    )
"""


def forbid_overlaps(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(NO_OVERLAP)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, max_length=254, null=True, unique=True, verbose_name="e-mail"
                    ),
                ),
                (
                    "claimed_email",
                    models.EmailField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=254,
                        verbose_name="e-mail given by a company’s contact",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("language", models.CharField(default="fr", max_length=5, verbose_name="language")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[convention.text.phone_numbers.validate_phone],
                        verbose_name="phone number",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="internal note")),
                (
                    "photo_consent",
                    models.BooleanField(blank=True, null=True, verbose_name="agrees to be photographed"),
                ),
                ("is_staff", models.BooleanField(default=False, verbose_name="can open the back office")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="in the directory since"
                    ),
                ),
                ("search", models.TextField(blank=True, editable=False)),
                ("sort_name", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ["sort_name", "pk"],
                "indexes": [models.Index(fields=["sort_name", "id"], name="person_by_sort_name")],
            },
        ),
        migrations.CreateModel(
            name="ClubRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("administrator", "administrator"),
                            ("organizer", "organizer of every event"),
                            ("treasurer", "treasurer"),
                            ("secretary", "secretary"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="club_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "club role",
                "verbose_name_plural": "club roles",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_clubrole_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True, verbose_name="name")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("siren", models.CharField(blank=True, max_length=9, verbose_name="SIREN")),
                ("siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET")),
                ("vat_number", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                ("sector", models.CharField(blank=True, max_length=80, verbose_name="sector")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("postcode", models.CharField(blank=True, max_length=20, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("country", models.CharField(default="FR", max_length=2, verbose_name="country")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[convention.text.phone_numbers.validate_phone],
                        verbose_name="phone number",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="internal note")),
                (
                    "merged_on",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="merged on"),
                ),
                ("search", models.TextField(blank=True, editable=False)),
                ("sort_name", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="subsidiaries",
                        to="club.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "company",
                "verbose_name_plural": "companies",
                "ordering": ["sort_name", "pk"],
                "indexes": [models.Index(fields=["sort_name", "id"], name="company_by_name")],
            },
        ),
        migrations.CreateModel(
            name="CompanyContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="club.company",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="company_contacts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "company contact",
                "verbose_name_plural": "company contacts",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_companycontact_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CompanyRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("member", "member"),
                            ("vendor", "vendor"),
                            ("organizer", "organizer"),
                            ("analyst", "analyst"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roles", to="club.company"
                    ),
                ),
            ],
            options={
                "verbose_name": "company role",
                "verbose_name_plural": "company roles",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_companyrole_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=200, verbose_name="file")),
                ("mapping", models.JSONField(default=dict)),
                (
                    "imported_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="imported"),
                ),
                ("created_count", models.PositiveIntegerField(default=0)),
                ("changed_count", models.PositiveIntegerField(default=0)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("created_keys", models.JSONField(default=dict, editable=False)),
                ("values_before", models.JSONField(default=dict, editable=False)),
                ("values_after", models.JSONField(default=dict, editable=False)),
                ("undone_at", models.DateTimeField(editable=False, null=True, verbose_name="undone")),
                (
                    "imported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "import of the directory",
                "verbose_name_plural": "imports of the directory",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Employment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cto", "CTO"),
                            ("cio", "CIO"),
                            ("manager", "manager"),
                            ("engineer", "engineer"),
                        ],
                        max_length=20,
                        verbose_name="level",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="employments",
                        to="club.company",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="employments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "employment",
                "verbose_name_plural": "employment",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_employment_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Market",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("sort_name", models.CharField(blank=True, editable=False, max_length=100)),
            ],
            options={
                "verbose_name": "market",
                "verbose_name_plural": "markets",
                "ordering": ["sort_name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="market_name_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="company",
            name="markets",
            field=models.ManyToManyField(
                blank=True, related_name="companies", to="club.market", verbose_name="markets it sells in"
            ),
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dues_cents", models.PositiveIntegerField(default=0, verbose_name="dues, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "vat_rate",
                    models.PositiveIntegerField(
                        default=0, verbose_name="VAT rate, in hundredths of a percent"
                    ),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True,
                        default="VATEX-EU-132-1L",
                        max_length=30,
                        verbose_name="reason for not charging VAT (VATEX code)",
                    ),
                ),
                ("seats", models.PositiveIntegerField(default=5, verbose_name="seats included")),
                (
                    "extra_seat_price_cents",
                    models.PositiveIntegerField(default=0, verbose_name="price of an extra seat, in cents"),
                ),
                ("passes", models.PositiveIntegerField(default=0, verbose_name="passes per convention")),
                (
                    "votes",
                    models.PositiveIntegerField(default=1, verbose_name="votes at the general meeting"),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name in English")),
                ("is_offered", models.BooleanField(default=True, verbose_name="open to new memberships")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="plan_name_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                ("dues_cents", models.PositiveIntegerField(default=0, verbose_name="dues, in cents")),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "vat_rate",
                    models.PositiveIntegerField(
                        default=0, verbose_name="VAT rate, in hundredths of a percent"
                    ),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True,
                        default="VATEX-EU-132-1L",
                        max_length=30,
                        verbose_name="reason for not charging VAT (VATEX code)",
                    ),
                ),
                ("seats", models.PositiveIntegerField(default=5, verbose_name="seats included")),
                (
                    "extra_seat_price_cents",
                    models.PositiveIntegerField(default=0, verbose_name="price of an extra seat, in cents"),
                ),
                ("passes", models.PositiveIntegerField(default=0, verbose_name="passes per convention")),
                (
                    "votes",
                    models.PositiveIntegerField(default=1, verbose_name="votes at the general meeting"),
                ),
                ("plan_name", models.CharField(max_length=120, verbose_name="plan")),
                ("plan_name_en", models.CharField(blank=True, max_length=120)),
                ("extra_seats", models.PositiveIntegerField(default=0, verbose_name="extra seats")),
                ("submitted_on", models.DateField(blank=True, null=True, verbose_name="requested on")),
                ("confirmed_on", models.DateField(blank=True, null=True, verbose_name="confirmed on")),
                ("grace_until", models.DateField(blank=True, null=True, verbose_name="grace period until")),
                ("left_on", models.DateField(blank=True, null=True, verbose_name="left on")),
                (
                    "left_as",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("resigned", "the company resigned"),
                            ("excluded", "the club expelled it"),
                            ("merged", "the company merged with another"),
                        ],
                        max_length=20,
                        verbose_name="how it ended",
                    ),
                ),
                (
                    "billing_contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="billing contact",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="club.company",
                    ),
                ),
                (
                    "representative",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="voting representative",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="club.plan"
                    ),
                ),
            ],
            options={
                "verbose_name": "membership",
                "verbose_name_plural": "memberships",
                "ordering": ["-starts_on", "-pk"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_membership_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("left_as", ""), ("left_on__isnull", True)),
                            models.Q(
                                ("left_on__gte", models.F("starts_on")),
                                models.Q(("left_as", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="membership_left_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grace_until__isnull", True),
                            ("grace_until__gte", models.F("ends_on")),
                            _connector="OR",
                        ),
                        name="membership_grace_after_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="given_seats",
                        to="club.membership",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "seat",
                "verbose_name_plural": "seats",
                "abstract": False,
                "indexes": [models.Index(fields=["person", "starts_on"], name="seat_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_seat_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("thematic", "thematic"),
                            ("technical", "technical"),
                            ("informal", "informal"),
                        ],
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                ("charter", models.TextField(blank=True, verbose_name="charter")),
                ("sort_name", models.CharField(blank=True, editable=False, max_length=100)),
            ],
            options={
                "verbose_name": "working group",
                "verbose_name_plural": "working groups",
                "ordering": ["sort_name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="working_group_name_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "role",
                    models.CharField(
                        choices=[("lead", "lead"), ("deputy", "deputy"), ("scribe", "scribe")],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mandates",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mandates",
                        to="club.workinggroup",
                    ),
                ),
            ],
            options={
                "verbose_name": "mandate",
                "verbose_name_plural": "mandates",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="club_mandate_ends_after_start",
                    )
                ],
            },
        ),
        migrations.RunPython(forbid_overlaps, migrations.RunPython.noop),
    ]
