"""CSV exports of French banks: preambles, column names and number formats."""

from .statements import BOOKED_ON

NARROW, WIDE = "\u202f", "\u00a0"

CREDIT_AGRICOLE = f"""Téléchargement du 05/03/2027;

MME ZOE TRESOR
Compte Courant n° 00012345678;
Solde au 05/03/2027 1{WIDE}234,56 €
Liste des opérations du compte entre le 01/03/2027 et le 05/03/2027;

Date;Libellé;Débit euros;Crédit euros;
01/03/2027;"VIREMENT EN VOTRE FAVEUR
ACMÉ SA
RF45 7KQ2 M9XD
";;1{WIDE}234,56;
02/03/2027;"COTISATION ""PRO"" annuelle";12,00;;
"""
BNP_PARIBAS = """Compte de chèques;****1234;Solde au 05/03/2027 ;;1234,56
01/03/2027;Virement reçu;;VIR SEPA RECU /DE ACMÉ SA /MOTIF RF45 7KQ2 M9XD /REF NOTPROVIDED;1 234,56
02/03/2027;Frais;;COTISATION PRO;-12,00
"""
BNP_PARIBAS_WITH_HEADER = """Compte cheque;****1234;Solde au 05/03/2027 ;;1234,56
Date operation;Libelle court;Type operation;Libelle operation;Montant operation en euro
01/03/2027;VIREMENT;Virement reçu;VIR SEPA RECU /DE ACMÉ SA /MOTIF RF45 7KQ2 M9XD;1 234,56
02/03/2027;FRAIS;;COTISATION PRO;-12,00
"""
SOCIETE_GENERALE = """="0123456789";01/03/2027;05/03/2027;

Date de l'opération;Libellé;Détail de l'écriture;Montant de l'opération;Devise
01/03/2027;VIR RECU 123;VIR RECU 123 DE: ACMÉ SA MOTIF: RF45 7KQ2 M9XD REF: X;1234,56;EUR
02/03/2027;COTISATION PRO;COTISATION PRO;-12,00;EUR
"""
CIC = """Date;Date de valeur;Débit;Crédit;Libellé;Solde
01/03/2027;02/03/2027;;1234,56;VIR ACMÉ SA RF45 7KQ2 M9XD;5000,00
02/03/2027;02/03/2027;-12,00;;COTISATION PRO;4988,00
"""
BOURSORAMA = f"""dateOp;dateVal;label;category;categoryParent;supplierFound;amount;accountNum;accountbalance
2027-03-01;2027-03-01;"VIR SEPA ACMÉ SA RF45 7KQ2 M9XD";"V";"V";;"1{NARROW}234,56";000;5000.00
2027-03-02;2027-03-02;"COTISATION PRO";"Frais";"Frais";;-12,00;000;4988.00
"""
QONTO = (
    "Statut,Date de l'opération (UTC),Montant total (TTC),Devise,Nom de la contrepartie,Référence\n"
    'Exécuté,01-03-2027 10:15:30,"1234,56",EUR,ACMÉ SA,RF45 7KQ2 M9XD\n'
    'Refusé,01-03-2027 10:20:30,"500,00",EUR,BOLT,RF45 7KQ2 M9XD\n'
    'Exécuté,02-03-2027 08:00:00,"-12,00",EUR,Qonto,COTISATION PRO\n'
)
LCL = """01/03/2027;1234,56;Virement;;VIR SEPA ACMÉ SA RF45 7KQ2 M9XD;;0;Divers
02/03/2027;-12,00;Prélèvement;;COTISATION PRO;;0;Divers
05/03/2027;5000,00;;;12345 678901A
"""
CAISSE_D_EPARGNE = """Date de comptabilisation;Libelle simplifie;Libelle operation;Reference;\
Informations complementaires;Debit;Credit
01/03/27;VIREMENT ACMÉ;VIR SEPA ACMÉ SA;ABC123;RF45 7KQ2 M9XD;;+1234,56
02/03/27;COTISATION PRO;COTISATION PRO;DEF456;;-12,00;
Solde en fin de période;;;;;;5000,00
"""
BANQUE_POSTALE = """Numéro Compte   ;1234567A012
Type            ;CCP
Compte tenu en  ;euros
Date            ;05/03/2027
Solde (EUROS)   ;5000,00

Date;Libellé;Montant(EUROS);Montant(FRANCS)
01/03/2027;"VIREMENT DE ACMÉ SA RF45 7KQ2 M9XD";1234,56;8098,18
02/03/2027;"COTISATION PRO";-12,00;-78,71
"""
WITH_DIRECTION = """Date opération\tMontant\tSens\tLibellé
01.03.2027\t1 234,56\tCrédit\tVIR ACMÉ SA RF45 7KQ2 M9XD
02.03.2027\t12,00\tDébit\tCOTISATION PRO
"""
BANKS = {
    name: text
    for name, text in globals().items()
    if isinstance(text, str) and name.isupper() and name not in {"NARROW", "WIDE"}
}

ACCOUNT = "<Acct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></Acct>"


def make_statement(entries: str, account: str = ACCOUNT) -> str:
    return f"<Stmt><Id>1</Id>{account}{entries}</Stmt>"


def make_document(*statements: str, version: str = "08") -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    inner = "".join(statements)
    return f'<Document xmlns="{space}"><BkToCstmrStmt>{inner}</BkToCstmrStmt></Document>'.encode()


def make_entry(amount: str, inner: str = "", *, direction="CRDT", sts="BOOK", ccy="EUR") -> str:
    return (
        f'<Ntry><NtryRef>1</NtryRef><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        f"<Sts><Cd>{sts}</Cd></Sts><BookgDt><DtTm>{BOOKED_ON}T08:00:00+01:00</DtTm></BookgDt>{inner}</Ntry>"
    )


def make_details(*parts: str) -> str:
    return f"<NtryDtls>{''.join(f'<TxDtls>{part}</TxDtls>' for part in parts)}</NtryDtls>"


def make_remittance(*lines: str) -> str:
    return f"<RmtInf>{''.join(f'<Ustrd>{line}</Ustrd>' for line in lines)}</RmtInf>"
